import { Command, Option, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { AppError } from '../common/errors/app-error.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { columns, counted } from './columns.js';
import { CommandGroup } from './command-group.js';
import type { CommanderError } from './mistyped.js';
import { OperatorAct, type ActOptions } from './operator-act.js';
import { RevokingAct, type RevokingOptions } from './revoking-act.js';
import { OperatorCommand } from './operator-command.js';
import { accountOf, nameOf, type Account } from './person.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import { UserListCommand } from './user-list.command.js';
import type { Services } from './workbench.js';

const EMAIL = { email: 'the whole e-mail address, or the id of the account' };

@SubCommand({ name: 'show', arguments: '<email>', argsDescription: EMAIL, description: 'shows an account' })
export class UserShowCommand extends OperatorCommand {
  protected async serve(services: Services, [email = '']: string[]): Promise<Outcome> {
    const account = await accountOf(services, email);
    const sessions =
      account.status === 'deleted' ? [] : await services.get(SessionAdministrationService).listOf(account.id);
    return { lines: describe(account, sessions.length), data: { user: account, sessions: sessions.length } };
  }
}

@SubCommand({
  name: 'suspend',
  arguments: '<email>',
  argsDescription: EMAIL,
  description: 'signs an account out everywhere, at once, and lets nobody sign in to it',
})
export class UserSuspendCommand extends RevokingAct {
  protected async act(services: Services, [email = '']: string[], act: Act): Promise<Outcome> {
    const { id } = await accountOf(services, email);
    const user = await services.get(AccountAdministrationService).suspend(id, act);
    return { lines: [`${nameOf(user)} is suspended: signed out everywhere, and no sign-in.`], data: { user } };
  }
}

@SubCommand({
  name: 'restore',
  arguments: '<email>',
  argsDescription: EMAIL,
  description: 'lets a suspended account in again; its old sessions stay ended',
})
export class UserRestoreCommand extends RevokingAct {
  protected async act(services: Services, [email = '']: string[], act: Act): Promise<Outcome> {
    const { id } = await accountOf(services, email);
    const user = await services.get(AccountAdministrationService).restore(id, act);
    return { lines: [`${nameOf(user)} can sign in again. What was ended stays ended.`], data: { user } };
  }
}

@SubCommand({
  name: 'sign-out',
  arguments: '<email>',
  argsDescription: EMAIL,
  description: 'ends every session of an account',
})
export class UserSignOutCommand extends RevokingAct {
  protected async act(services: Services, [email = '']: string[], act: Act): Promise<Outcome> {
    const user = await accountOf(services, email);
    await services.get(AccountAdministrationService).signOutEverywhere(user.id, act);
    return { lines: [`${nameOf(user)} is signed out everywhere, and can sign in again.`], data: { user } };
  }
}

@SubCommand({
  name: 'roles',
  arguments: '<email> [roles...]',
  argsDescription: { ...EMAIL, roles: 'exactly the roles it is to have; those it has, when none is named' },
  description: 'sets the roles of an account; sessions go on',
})
export class UserRolesCommand extends RevokingAct<RevokingOptions & { none?: boolean }> {
  @Option({ flags: '--none', description: 'takes all roles away' })
  readNone(): boolean {
    return true;
  }

  protected async act(services: Services, [email = '', ...roles]: string[], act: Act, { none }: { none?: boolean }) {
    if (none ? roles.length > 0 : roles.length === 0) {
      throw new UsageError('Name the roles the account is to have, or say --none. To see them: user show.');
    }
    const { id } = await accountOf(services, email);
    const user = await services.get(AccountAdministrationService).setRoles(id, roles, act);
    return {
      lines: [`${nameOf(user)} has ${rolesOf(user)} now. A silent refresh brings it to every device.`],
      data: { user },
    };
  }
}

interface CreateOptions extends ActOptions {
  role?: string[];
  name?: string;
  passwordStdin?: boolean;
}

@SubCommand({
  name: 'create',
  arguments: '<email>',
  description: 'makes an account; the password comes from a prompt, or from standard input',
})
export class UserCreateCommand extends OperatorAct<CreateOptions> {
  @Option({ flags: '--role <role>', description: 'a role it is to have, such as admin; can be repeated' })
  readRole(role: string, before: string[] = []): string[] {
    return [...before, role];
  }

  @Option({ flags: '--name <name>', description: 'what the person is called' })
  readName(name: string): string {
    return name;
  }

  @Option({ flags: '--password-stdin', description: 'read the password from standard input' })
  readPasswordStdin(): boolean {
    return true;
  }

  protected override hintFor({ code, message }: CommanderError): string | null {
    const ofPassword = code === 'commander.excessArguments' || /unknown option '-(-pass|p)/.test(message);
    return ofPassword
      ? 'The password comes from a prompt, or from standard input with --password-stdin. As an argument it stays in the history of the shell.'
      : null;
  }

  protected override usualReason(): string {
    return 'created at the command line';
  }

  protected async act(services: Services, [email = '']: string[], act: Act, options: CreateOptions): Promise<Outcome> {
    const password = await this.password(options);
    const { name = null, role: roles = [] } = options;
    const user = await services
      .get(AccountAdministrationService)
      .create({ email, password, name, roles }, act)
      .catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'email_taken' ? thereAlready(email, error) : error;
      });
    return { lines: [`${nameOf(user)} can sign in now, with ${rolesOf(user)}.`], data: { user } };
  }

  private async password({ passwordStdin }: CreateOptions): Promise<string> {
    if (passwordStdin) return this.terminal.readInput();
    if (!this.terminal.interactive) {
      throw new UsageError('There is nobody to ask for the password. Send it to standard input with --password-stdin.');
    }
    const password = await this.terminal.askHidden('Password: ');
    if ((await this.terminal.askHidden('The same again: ')) === password) return password;
    throw new UsageError('These are two different passwords. Nothing was done.');
  }
}

const SUB_COMMANDS = [
  UserCreateCommand,
  UserListCommand,
  UserShowCommand,
  UserSuspendCommand,
  UserRestoreCommand,
  UserRolesCommand,
  UserSignOutCommand,
];

@Command({
  name: 'user',
  description: 'accounts: create, list, show, suspend, restore, roles, sign-out',
  subCommands: SUB_COMMANDS,
})
export class UserCommand extends CommandGroup {}

export const USER_COMMANDS = [UserCommand, ...SUB_COMMANDS];

/** The catalogue speaks to whoever registers; an operator meant somebody else's account. */
function thereAlready(email: string, cause: AppError): AppError {
  const detail = `There is an account ${email} already. Give it a role with \`user roles\`.`;
  return new AppError('email_taken', { detail, cause });
}

function describe(account: Account, sessions: number): string[] {
  return columns([
    ['address', account.email ?? 'none: deleted'],
    ['name', account.name ?? '–'],
    ['id', account.id],
    ['status', account.status],
    ['roles', account.roles.join(', ') || '–'],
    ['signed in', sessions === 0 ? 'nowhere' : `on ${counted(sessions, 'device')}`],
    ['verified', account.emailVerified ? 'yes' : 'no'],
    ['created', account.createdAt],
    ['password', account.passwordChangedAt === null ? '–' : `changed ${account.passwordChangedAt}`],
  ]);
}

function rolesOf({ roles }: Account): string {
  return roles.length === 0 ? 'no role' : `the ${roles.length === 1 ? 'role' : 'roles'} ${roles.join(', ')}`;
}
