import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';

/** What a line of the deny-list says of an account. */
export interface LostAccountState {
  userId: string;
  /** Tokens and sessions of a lower version had been outdated or ended. */
  version: number;
  suspended: boolean;
}

export interface RestoredAccount {
  userId: string;
  suspended: boolean;
  version: number;
}

/** Whether an account `u` that a line `lost` is about is suspended when that has been put back. */
const SUSPENDED_NOW = `(u.status = 'suspended' or (u.status = 'active' and lost.suspended))`;

/** Accounts in a database that is older than what was known of them. */
@Injectable()
export class LostAccountsRepository {
  /**
   * Raises versions and floors to what they had been at least, suspends who had been suspended, and lowers nothing. No
   * line says whether it had ended sessions or only outdated access tokens: all are taken to have. Who is suspended now
   * gets a version of its own: in the others tokens were issued, by this database since or, once the suspension was
   * lifted, by the lost one. Returns whose sessions that ended.
   */
  async restore(tx: Transaction, states: LostAccountState[], reason: string): Promise<RestoredAccount[]> {
    const rows = await tx.query<{ id: string; suspended: boolean; token_version: string }>(
      `with lost as (
         select * from unnest($1::uuid[], $2::bigint[], $3::boolean[]) as lost (id, version, suspended)),
       locked as (
         select u.id, ${SUSPENDED_NOW} as suspended,
                case when ${SUSPENDED_NOW}
                  then greatest(${raised('u.token_version')}, lost.version + 1)
                  else lost.version
                end as version
           from users u join lost on lost.id = u.id
          where u.sessions_floor < lost.version or (lost.suspended and u.status = 'active')
          order by u.id for no key update of u)
       update users u
          set token_version = greatest(u.token_version, locked.version),
              sessions_floor = greatest(u.sessions_floor, locked.version),
              sessions_floor_reason = case when u.sessions_floor < locked.version then $4 else u.sessions_floor_reason end,
              status = case when locked.suspended then 'suspended' else u.status end,
              updated_at = now()
         from locked
        where u.id = locked.id
       returning u.id, locked.suspended, u.token_version`,
      [
        states.map(({ userId }) => userId),
        states.map(({ version }) => version),
        states.map(({ suspended }) => suspended),
        reason,
      ],
    );
    return rows.map(({ id, suspended, token_version }) => ({ userId: id, suspended, version: Number(token_version) }));
  }
}
