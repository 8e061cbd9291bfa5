import { Injectable } from '@nestjs/common';
import { justified, type Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import { checked } from '../common/checked.js';
import { displayName } from '../common/display-name.js';
import { AppError } from '../common/errors/app-error.js';
import type { Transaction } from '../database/database.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { AccountEvents } from './account-events.js';
import { AccountsRepository, type Account, type LockedAccount } from './accounts.repository.js';
import { CredentialsService } from './credentials.service.js';
import { normaliseEmail } from './email.js';
import { assertAdminRemains } from './last-admin.js';
import { Roles } from './roles.js';
import type { UserStatus } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** What is to be different about an account. */
export interface AccountChange {
  status?: 'active' | 'suspended' | undefined;
  roles?: string[] | undefined;
  /** The roles as whoever decides has seen them: with others by now, nothing is changed. */
  expectedRoles?: string[] | undefined;
}

export interface AccountQuery {
  email?: string | undefined;
  q?: string | undefined;
  status?: UserStatus | undefined;
  role?: string | undefined;
  limit: number;
  /** The id of the last account already seen. */
  cursor?: string | undefined;
}

/** What the account is, and will be, in the transaction that changes it. */
interface Step {
  userId: string;
  before: LockedAccount;
  after: Pick<LockedAccount, 'status' | 'roles'>;
  act: Act;
}

/**
 * What operators do to accounts, from a terminal or over REST. Each act is one transaction with its audit row and its
 * line of the deny-list; each throws `validation_failed` without a reason, `not_found` for an account there is not, and
 * `conflict`, which tells the present state, when there is nothing to do or the last administrator would be gone.
 */
@Injectable()
export class AccountAdministrationService {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly accounts: AccountsRepository,
    private readonly users: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
  ) {}

  /** By id or by e-mail address, however it is typed. Deleted ones by id only. Throws `not_found`, `validation_failed`. */
  async get(by: { userId: string } | { email: string }): Promise<Account> {
    return orNotFound(await this.accounts.find('email' in by ? { email: emailOf(by.email) } : by));
  }

  /** The addresses of those that have one, by their ids. By one statement, however many. */
  async emailsOf(userIds: string[]): Promise<Map<string, string>> {
    return userIds.length === 0 ? new Map() : this.accounts.emailsOf(userIds);
  }

  /** The newest account first. `email` is one address, however typed; `q` what it begins with. */
  async list(query: AccountQuery): Promise<{ items: Account[]; nextCursor?: string }> {
    const { email, q, status, role, limit, cursor } = query;
    const filter = {
      email: email === undefined ? undefined : emailOf(email),
      prefix: q?.trim().normalize('NFKC').toLowerCase(),
      status,
      role,
    };
    const items = await this.accounts.list(filter, limit, cursor ?? null);
    const last = items.at(-1);
    return last && items.length === limit ? { items, nextCursor: last.id } : { items };
  }

  /** Throws `validation_failed` for a bad address, a weak password or a name that is no role; `email_taken`. */
  async create(
    account: { email: string; password: string; name?: string | null; roles?: string[] },
    given: Act,
  ): Promise<Account> {
    const act = justified(given);
    const roles = checked(Roles, account.roles ?? [], '/roles');
    const email = emailOf(account.email);
    const name = account.name == null ? null : checked(displayName(100), account.name, '/name');
    const { password } = account;
    const { userId } = await this.credentials.create({ email, password, name }, roles, act);
    return this.get({ userId });
  }

  /** Out at once, on every device, and no sign-in. */
  suspend(userId: string, act: Act): Promise<Account> {
    return this.change(userId, { status: 'suspended' }, act);
  }

  /** Lets a suspended account in again. Its old sessions stay ended: the person signs in. */
  restore(userId: string, act: Act): Promise<Account> {
    return this.change(userId, { status: 'active' }, act);
  }

  /** Sessions go on; the next refresh brings tokens with these roles. The same roles again change nothing. */
  setRoles(userId: string, roles: string[], act: Act): Promise<Account> {
    return this.change(userId, { roles }, act);
  }

  /** Status and roles at once: both, or neither. */
  async change(userId: string, change: AccountChange, given: Act): Promise<Account> {
    const act = justified(given);
    const roles = change.roles && checked(Roles, change.roles, '/roles');
    return this.revocations.commit(async (tx) => {
      const before = orNotFound(await this.accounts.lock(tx, userId));
      if (before.status === 'deleted') throw noSuchAccount();
      assertOtherStatus(before, change.status);
      assertRoles(before, change.expectedRoles);
      const after = { status: change.status ?? before.status, roles: roles ?? before.roles };
      assertAdminRemains(before, after);
      const minVersion = await this.write(tx, { userId, before, after, act });
      const result = orNotFound(await this.accounts.find({ userId }, tx));
      const { actor, reason } = act;
      const suspended = after.status === 'suspended';
      return {
        result,
        revocations:
          minVersion === null ? [] : [{ kind: 'user', subject: userId, minVersion, suspended, reason, actor }],
      };
    });
  }

  /** Ends every session and outdates every access token of the account. */
  async signOutEverywhere(userId: string, given: Act): Promise<void> {
    const { actor, reason, source = null } = justified(given);
    await this.revocations.commit(async (tx) => {
      const minVersion = await this.users.endSessions(tx, userId, 'ended_by_operator');
      if (minVersion === null) throw await this.notActive(tx, userId);
      await this.events.emit(tx, 'signedOutEverywhere', { userId, kept: null, reason: 'ended_by_operator' });
      await this.audit.record(tx, { type: 'account.signed_out_everywhere', userId, actor, reason, source });
      return { result: undefined, revocations: [{ kind: 'user', subject: userId, minVersion, reason, actor }] };
    });
  }

  /** The new token version; null when nothing is different. */
  private async write(tx: Transaction, { userId, before, after, act }: Step): Promise<number | null> {
    const rolesChanged = before.roles.join() !== after.roles.join();
    const statusChanged = before.status !== after.status;
    if (!rolesChanged && !statusChanged) return null;
    const suspending = statusChanged && after.status === 'suspended';
    const minVersion = await this.accounts.change(tx, userId, { ...after, suspending });
    if (suspending) {
      await this.events.emit(tx, 'signedOutEverywhere', { userId, kept: null, reason: 'account_suspended' });
    }
    const { actor, reason, source = null } = act;
    const record = { userId, actor, reason, source };
    if (statusChanged) {
      await this.audit.record(tx, { ...record, type: suspending ? 'account.suspended' : 'account.restored' });
    }
    if (rolesChanged) {
      const details = { roles: after.roles, before: before.roles };
      await this.audit.record(tx, { ...record, type: 'account.roles_changed', details });
    }
    return minVersion;
  }

  private async notActive(tx: Transaction, userId: string): Promise<AppError> {
    const account = await this.accounts.find({ userId }, tx);
    if (account?.status !== 'suspended') return noSuchAccount();
    return new AppError('conflict', { detail: 'The account is suspended: all its sessions have ended already.' });
  }
}

function assertOtherStatus(before: LockedAccount, status: AccountChange['status']): void {
  if (status !== before.status) return;
  throw new AppError('conflict', {
    detail:
      status === 'suspended' ? 'The account is suspended already.' : 'The account is not suspended: it is active.',
  });
}

/** Two who each add a role to those they have seen must not take each other's away. */
function assertRoles({ roles }: LockedAccount, expected: string[] | undefined): void {
  if (expected === undefined || [...new Set(expected)].toSorted().join() === roles.toSorted().join()) return;
  const now = roles.length === 0 ? 'It has none now.' : `It has ${roles.join(', ')} now.`;
  throw new AppError('conflict', { detail: `The roles of the account have been changed meanwhile. ${now}` });
}

function emailOf(text: string): string {
  const email = normaliseEmail(text);
  if (email !== null) return email;
  const detail = 'That is no e-mail address.';
  throw new AppError('validation_failed', { detail, errors: [{ pointer: '/email', detail }] });
}

function orNotFound<T>(value: T | null): T {
  if (value === null) throw noSuchAccount();
  return value;
}

function noSuchAccount(): AppError {
  return new AppError('not_found', { detail: 'There is no such account.' });
}
