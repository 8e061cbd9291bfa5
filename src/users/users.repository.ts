import { Injectable } from '@nestjs/common';
import { Database, type Queryable, type Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';
import type { Credentials } from './credentials.js';
import type { UserStatus } from './user.entity.js';

/** What ends the sessions of an account: both versions, for one of them that stays. */
export interface RaisedFloor {
  /** The new token version and floor. */
  version: number;
  previousFloor: number;
}

/** A new account; `applicationId`: the application it is made at, null for none. */
export interface NewUser {
  id: string;
  email: string;
  name: string | null;
  passwordHash: string;
  roles: string[];
  applicationId: string | null;
}

export interface Profile {
  id: string;
  email: string;
  name: string | null;
  roles: string[];
  emailVerified: boolean;
  createdAt: string;
}

interface CredentialsRow {
  id: string;
  email: string;
  name: string | null;
  password_hash: string;
  status: UserStatus;
  token_version: string;
  application_version: string | null;
}

interface ProfileRow {
  id: string;
  email: string;
  name: string | null;
  roles: string[];
  email_verified_at: Date | null;
  created_at: Date;
}

/** `applicationId`: the parameter that names the application whose version goes with them. */
function credentialColumns(applicationId: '$2' | '$6'): string {
  return `id, email, name, password_hash, status, token_version,
    (select a.token_version from applications a where a.id = ${applicationId}::text) as application_version`;
}

const PROFILE = 'id, email, name, roles, email_verified_at, created_at';

/** Outdates access tokens; sessions go on. */
const RAISE_VERSION = `token_version = ${raised('users.token_version')}`;

/** Why all sessions of an account ended at once. */
export type FloorReason = 'signed_out_everywhere' | 'ended_by_operator' | 'password_changed' | 'account_deleted';

/** Outdates access tokens and ends every session, without touching one. */
function raiseFloor(reason: FloorReason): string {
  return `${RAISE_VERSION}, sessions_floor = ${raised('users.token_version')}, sessions_floor_reason = '${reason}'`;
}

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  /** `applicationId`: the application whose version goes with them, read here and not from memory, which may be older. */
  async findCredentials(
    by: { email: string } | { userId: string },
    applicationId: string | null,
  ): Promise<Credentials | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['id', by.userId];
    const [row] = await this.database.queryPrepared<CredentialsRow>(
      `users:credentials by ${column}`,
      `select ${credentialColumns('$2')} from users
        where ${column} = $1 and status <> 'deleted' and password_hash is not null`,
      [value, applicationId],
    );
    return row ? toCredentials(row) : null;
  }

  async findProfile(userId: string, db: Queryable = this.database): Promise<Profile | null> {
    const [row] = await db.query<ProfileRow>(`select ${PROFILE} from users where id = $1 and status = 'active'`, [
      userId,
    ]);
    return row ? toProfile(row) : null;
  }

  /** The credentials of the new account; null when the e-mail address has one. */
  async insert(tx: Transaction, user: NewUser): Promise<Credentials | null> {
    const [row] = await tx.query<CredentialsRow>(
      `insert into users (id, email, name, password_hash, status, roles, token_version, sessions_floor,
                          password_changed_at, created_at, updated_at)
       values ($1, $2, $3, $4, 'active', $5, ${raised('0')}, 0, now(), now(), now())
       on conflict (email) do nothing
       returning ${credentialColumns('$6')}`,
      [user.id, user.email, user.name, user.passwordHash, user.roles, user.applicationId],
    );
    return row ? toCredentials(row) : null;
  }

  async rename(tx: Transaction, userId: string, name: string | null): Promise<Profile | null> {
    const [row] = await tx.query<ProfileRow>(
      `update users set name = $2, updated_at = now() where id = $1 and status = 'active' returning ${PROFILE}`,
      [userId, name],
    );
    return row ? toProfile(row) : null;
  }

  /** Replaces a hash by a stronger one of the same password; false when the password was changed meanwhile. */
  async rehash(credentials: Credentials, passwordHash: string): Promise<boolean> {
    const rows = await this.database.query(
      `update users set password_hash = $3, updated_at = now() where id = $1 and password_hash = $2 returning id`,
      [credentials.userId, credentials.passwordHash, passwordHash],
    );
    return rows.length > 0;
  }

  /** Ends every session; null when the account changed since the credentials were read. */
  async changePassword(tx: Transaction, credentials: Credentials, passwordHash: string): Promise<RaisedFloor | null> {
    const [row] = await tx.query<{ token_version: string; previous_floor: string }>(
      `with before as (select id, sessions_floor from users where id = $1 for update)
       update users set password_hash = $4, password_changed_at = now(), ${raiseFloor('password_changed')}, updated_at = now()
         from before
        where users.id = before.id and token_version = $2 and password_hash = $3 and status = 'active'
       returning token_version, before.sessions_floor as previous_floor`,
      [credentials.userId, credentials.tokenVersion, credentials.passwordHash, passwordHash],
    );
    return row ? { version: Number(row.token_version), previousFloor: Number(row.previous_floor) } : null;
  }

  /** The new token version, below which every session has ended; null when there is no such active account. */
  async endSessions(
    tx: Transaction,
    userId: string,
    reason: 'signed_out_everywhere' | 'ended_by_operator',
  ): Promise<number | null> {
    return versionOf(
      await tx.query(
        `update users set ${raiseFloor(reason)}, updated_at = now()
          where id = $1 and status = 'active' returning token_version`,
        [userId],
      ),
    );
  }

  /** The new token version, and whether the account is suspended; null when there is no such account. */
  async outdateTokens(tx: Transaction, userId: string): Promise<{ version: number; suspended: boolean } | null> {
    const [row] = await tx.query<{ token_version: string; suspended: boolean }>(
      `update users set ${RAISE_VERSION}, updated_at = now() where id = $1 and status <> 'deleted'
       returning token_version, status = 'suspended' as suspended`,
      [userId],
    );
    return row ? { version: Number(row.token_version), suspended: row.suspended } : null;
  }

  /** Empties the row of what is personal and keeps the id from ever being given again. */
  async delete(tx: Transaction, userId: string): Promise<number | null> {
    return versionOf(
      await tx.query(
        `update users set status = 'deleted', deleted_at = now(), email = null, name = null, password_hash = null,
                          roles = '{}', email_verified_at = null, ${raiseFloor('account_deleted')}, updated_at = now()
          where id = $1 and status <> 'deleted' returning token_version`,
        [userId],
      ),
    );
  }
}

function versionOf(rows: { token_version: string }[]): number | null {
  return rows[0] ? Number(rows[0].token_version) : null;
}

function toCredentials(row: CredentialsRow): Credentials {
  return {
    userId: row.id,
    email: row.email,
    name: row.name,
    passwordHash: row.password_hash,
    status: row.status,
    tokenVersion: Number(row.token_version),
    applicationVersion: row.application_version === null ? null : Number(row.application_version),
  };
}

function toProfile(row: ProfileRow): Profile {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: row.roles,
    emailVerified: row.email_verified_at !== null,
    createdAt: row.created_at.toISOString(),
  };
}
