import { Injectable } from '@nestjs/common';
import { Database, type Queryable, type Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';
import { ADMIN } from './roles.js';
import type { UserStatus } from './user.entity.js';

/** An account as operators see it: nothing in it helps to sign in. */
export interface Account {
  id: string;
  /** Null once deleted. */
  email: string | null;
  name: string | null;
  status: UserStatus;
  roles: string[];
  emailVerified: boolean;
  /** ISO 8601, UTC, as all times. */
  createdAt: string;
  passwordChangedAt: string | null;
  deletedAt: string | null;
}

/** An account whose row is locked until the transaction ends. */
export interface LockedAccount {
  status: UserStatus;
  roles: string[];
  /** How many active administrators there are besides. Known, and locked, only when it is one itself. */
  otherAdmins: number;
}

/** Normalised as the column is. */
export interface AccountFilter {
  email?: string | undefined;
  /** What the address begins with. */
  prefix?: string | undefined;
  status?: UserStatus | undefined;
  role?: string | undefined;
}

interface AccountRow {
  id: string;
  email: string | null;
  name: string | null;
  status: UserStatus;
  roles: string[];
  email_verified_at: Date | null;
  created_at: Date;
  password_changed_at: Date | null;
  deleted_at: Date | null;
}

const COLUMNS = 'id, email, name, status, roles, email_verified_at, created_at, password_changed_at, deleted_at';

/** Who counts as an active administrator; `roles <> '{}'` lets the index of those who have any be used. */
const ACTIVE_ADMIN = `(status = 'active' and roles <> '{}' and roles @> '{${ADMIN}}')`;

/** Accounts as operators see and change them. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /** Deleted ones too; null when there never was one. */
  async find(by: { userId: string } | { email: string }, db: Queryable = this.database): Promise<Account | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['id', by.userId];
    const [row] = await db.query<AccountRow>(`select ${COLUMNS} from users where ${column} = $1`, [value]);
    return row ? toAccount(row) : null;
  }

  /** The addresses of those that have one. */
  async emailsOf(userIds: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; email: string }>(
      'select id, email from users where id = any($1::uuid[]) and email is not null',
      [userIds],
    );
    return new Map(rows.map(({ id, email }) => [id, email]));
  }

  /** The newest first; `before`: the id of the last one already seen. */
  async list(filter: AccountFilter, limit: number, before: string | null): Promise<Account[]> {
    const parameters: unknown[] = [limit];
    const place = (value: unknown) => `$${parameters.push(value)}`;
    const conditions = [
      ...(filter.email === undefined ? [] : [`email = ${place(filter.email)}`]),
      // In the collation of the index: whatever the database's own is, a prefix is a range of it.
      ...(filter.prefix === undefined ? [] : [`email collate "C" like ${place(`${escapeLike(filter.prefix)}%`)}`]),
      ...(filter.status === undefined ? [] : [`status = ${place(filter.status)}`]),
      ...(filter.role === undefined ? [] : [`roles <> '{}' and roles @> array[${place(filter.role)}]::text[]`]),
      ...(before === null ? [] : [`id < ${place(before)}`]),
    ];
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const rows = await this.database.query<AccountRow>(
      `select ${COLUMNS} from users ${where} order by id desc limit $1`,
      parameters,
    );
    return rows.map(toAccount);
  }

  /**
   * Locks an account and, when it is an active administrator, all the others too: whether one would remain is then no
   * longer for anyone else to change. In the order of ids, so that two administrators who take the role from each other
   * wait for one another instead of both for ever. Null when there is no such account.
   */
  async lock(tx: Transaction, userId: string): Promise<LockedAccount | null> {
    const locked = await this.lockOnce(tx, userId);
    // It became one while this waited for its row, so the others are not locked yet. They are once it is seen as one.
    const becameAdmin = locked !== null && locked.otherAdmins === 0 && isActiveAdmin(locked);
    return becameAdmin ? this.lockOnce(tx, userId) : locked;
  }

  /** Sets status and roles of a locked account; `suspending` also ends every session. The new token version. */
  async change(
    tx: Transaction,
    userId: string,
    to: { status: UserStatus; roles: string[]; suspending: boolean },
  ): Promise<number> {
    const floor = to.suspending
      ? `, sessions_floor = ${raised('token_version')}, sessions_floor_reason = 'account_suspended'`
      : '';
    const [row] = await tx.query<{ token_version: string }>(
      `update users set status = $2, roles = $3, token_version = ${raised('token_version')}${floor}, updated_at = now()
        where id = $1 returning token_version`,
      [userId, to.status, to.roles],
    );
    return Number(row!.token_version);
  }

  private async lockOnce(tx: Transaction, userId: string): Promise<LockedAccount | null> {
    const rows = await tx.query<{ id: string; status: UserStatus; roles: string[] }>(
      `select id, status, roles from users
        where id = $1
           or (${ACTIVE_ADMIN} and exists (select from users where id = $1 and ${ACTIVE_ADMIN}))
        order by id for no key update`,
      [userId],
    );
    const own = rows.find(({ id }) => id === userId);
    return own ? { status: own.status, roles: own.roles, otherAdmins: rows.length - 1 } : null;
  }
}

export function isActiveAdmin({ status, roles }: Pick<LockedAccount, 'status' | 'roles'>): boolean {
  return status === 'active' && roles.includes(ADMIN);
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    status: row.status,
    roles: row.roles,
    emailVerified: row.email_verified_at !== null,
    createdAt: row.created_at.toISOString(),
    passwordChangedAt: row.password_changed_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
  };
}
