import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';
import type { KnownApplication } from './known-application.js';

export interface SignedOutApplication {
  id: string;
  /** Its new token version, below which every session has ended. */
  version: number;
  enabled: boolean;
}

/** What a line of the deny-list says of an application. */
export interface LostApplicationState {
  /** Its id. */
  subject: string;
  minVersion: number;
  suspended: boolean;
}

/** Of a `KnownApplication`, but for its name. */
export const APPLICATION_COLUMNS = `id, audience, origins, delivery, permissions, enabled,
  created_at as "createdAt", access_token_ttl as "accessTokenTtl", session_idle as "sessionIdle",
  session_max as "sessionMax", session_idle_remembered as "sessionIdleRemembered",
  session_max_remembered as "sessionMaxRemembered"`;

@Injectable()
export class ApplicationsRepository {
  constructor(private readonly database: Database) {}

  /** All of them, in the order of their ids. */
  list(): Promise<KnownApplication[]> {
    return this.database.query(
      `select ${APPLICATION_COLUMNS}, coalesce(name, id) as name from applications order by id`,
    );
  }

  async isEnabled(applicationId: string): Promise<boolean> {
    const [row] = await this.database.query<{ enabled: boolean }>('select enabled from applications where id = $1', [
      applicationId,
    ]);
    return row?.enabled ?? false;
  }

  /** Ends every session of one application, or of all (null), without touching one; empty when there is no such one. */
  async signOut(tx: Transaction, applicationId: string | null): Promise<SignedOutApplication[]> {
    const rows = await tx.query<{ id: string; token_version: string; enabled: boolean }>(
      `with locked as (
         select id from applications where $1::text is null or id = $1 order by id for no key update)
       update applications set token_version = ${raised('token_version')}, sessions_floor = ${raised('token_version')}
         from locked where applications.id = locked.id
       returning applications.id, token_version, enabled`,
      [applicationId],
    );
    return rows.map(({ id, token_version, enabled }) => ({ id, version: Number(token_version), enabled }));
  }

  /**
   * Raises versions and floors to what they had been at least, disables what had been disabled, and lowers nothing. What
   * is disabled now gets a version of its own (see `LostAccountsRepository`), and is returned.
   */
  async restoreLost(tx: Transaction, states: LostApplicationState[]): Promise<{ subject: string; version: number }[]> {
    const rows = await tx.query<{ id: string; disabled: boolean; token_version: string }>(
      `with lost as (
         select * from unnest($1::text[], $2::bigint[], $3::boolean[]) as lost (id, version, disabled)),
       locked as (
         select a.id, (not a.enabled or lost.disabled) as disabled,
                case when not a.enabled or lost.disabled
                  then greatest(${raised('a.token_version')}, lost.version + 1)
                  else lost.version
                end as version
           from applications a join lost on lost.id = a.id
          where a.sessions_floor < lost.version or (lost.disabled and a.enabled)
          order by a.id for no key update of a)
       update applications a
          set token_version = greatest(a.token_version, locked.version),
              sessions_floor = greatest(a.sessions_floor, locked.version),
              enabled = a.enabled and not locked.disabled
         from locked
        where a.id = locked.id
       returning a.id, locked.disabled, a.token_version`,
      [
        states.map(({ subject }) => subject),
        states.map(({ minVersion }) => minVersion),
        states.map(({ suspended }) => suspended),
      ],
    );
    return rows
      .filter(({ disabled }) => disabled)
      .map(({ id, token_version }) => ({ subject: id, version: Number(token_version) }));
  }
}
