import { Option, SubCommand } from 'nest-commander';
import { isUuid } from '../common/uuid.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { RoleName } from '../users/roles.js';
import { columns } from './columns.js';
import { ListCommand, USUAL_LIMIT, type ListOptions } from './list-command.js';
import type { Account } from './person.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

interface UserListOptions extends ListOptions {
  role?: string;
  status?: Account['status'];
  cursor?: string;
  all?: boolean;
}

type Page = Awaited<ReturnType<AccountAdministrationService['list']>>;

const STATUSES: Account['status'][] = ['active', 'suspended', 'deleted'];

/** Accounts that are read at a time for `--all`: some 300 KiB. */
const PAGE = 1000;

@SubCommand({
  name: 'list',
  arguments: '[beginning]',
  argsDescription: { beginning: 'what the e-mail address begins with; everyone when left out' },
  description: 'lists accounts, the newest first',
})
export class UserListCommand extends ListCommand<UserListOptions> {
  @Option({ flags: '--role <role>', description: 'only who has this role, such as admin' })
  readRole(text: string): string {
    const role = RoleName.safeParse(text);
    if (role.success) return role.data;
    throw new UsageError(`--role takes the name of a role. ${role.error.issues[0]!.message}`);
  }

  @Option({ flags: '--status <status>', description: `only these: ${STATUSES.join(', ')}` })
  readStatus(text: string): Account['status'] {
    const status = STATUSES.find((one) => one === text);
    if (status) return status;
    throw new UsageError(`--status takes one of ${STATUSES.join(', ')}. It was given "${text}".`);
  }

  @Option({ flags: '--cursor <id>', description: 'goes on behind the account with this id, the last one of a list' })
  readCursor(text: string): string {
    if (isUuid(text)) return text;
    throw new UsageError('--cursor takes the id of the last account of a list. A list that may go on ends with it.');
  }

  @Option({ flags: '--all', description: 'all of them, however many' })
  readAll(): boolean {
    return true;
  }

  protected override async perform(args: string[], options: UserListOptions): Promise<Outcome> {
    if (options.all && options.limit !== undefined) throw new UsageError('Say --limit or --all, not both.');
    return super.perform(args, options);
  }

  protected async serve(services: Services, [beginning]: string[], options: UserListOptions): Promise<Outcome> {
    const { role, status, cursor, all = false, limit = USUAL_LIMIT } = options;
    const accounts = services.get(AccountAdministrationService);
    // An empty text is no beginning: deleted accounts have no address to begin with it.
    const filter = { q: beginning?.trim() || undefined, role, status };
    const page = (limit: number, from: string | undefined) => accounts.list({ ...filter, limit, cursor: from });
    const data = all ? await everyPage((from) => page(PAGE, from), cursor) : await page(limit, cursor);
    return { lines: describe(data), data };
  }
}

async function everyPage(read: (cursor: string | undefined) => Promise<Page>, first: string | undefined) {
  const items: Account[] = [];
  let cursor = first;
  do {
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { items };
}

function describe({ items, nextCursor }: Page): string[] {
  if (items.length === 0) return ['There is no such account.'];
  const rows = items.map(({ id, email, status, roles, createdAt }) => [
    email ?? '–',
    status,
    roles.join(', ') || '–',
    createdAt,
    id,
  ]);
  const lines = columns([['ADDRESS', 'STATUS', 'ROLES', 'CREATED', 'ID'], ...rows]);
  return nextCursor === undefined ? lines : [...lines, `There may be more: --cursor ${nextCursor}, or --all.`];
}
