import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';

/** What a line of the deny-list says of an account. */
export interface LostAccountState {
  userId: string;
  /** Tokens and sessions of a lower version had been outdated or ended. */
  version: number;
  suspended: boolean;
}

/** Accounts in a database that is older than what was known of them. */
@Injectable()
export class LostAccountsRepository {
  /**
   * Raises versions and floors to what they had been at least, suspends who had been suspended, and lowers nothing. No
   * line says whether it had ended sessions or only outdated access tokens: all are taken to have. Returns whose
   * sessions that ended.
   */
  async restore(tx: Transaction, states: LostAccountState[], reason: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `with lost as (
         select * from unnest($1::uuid[], $2::bigint[], $3::boolean[]) as lost (id, version, suspended)),
       locked as (
         select u.id, u.sessions_floor from users u join lost on lost.id = u.id
          where u.sessions_floor < lost.version or (lost.suspended and u.status = 'active')
          order by u.id for no key update of u)
       update users u
          set token_version = greatest(u.token_version, lost.version),
              sessions_floor = greatest(u.sessions_floor, lost.version),
              sessions_floor_reason = case when u.sessions_floor < lost.version then $4 else u.sessions_floor_reason end,
              status = case when lost.suspended and u.status = 'active' then 'suspended' else u.status end,
              updated_at = now()
         from lost join locked on locked.id = lost.id
        where u.id = lost.id
       returning u.id`,
      [
        states.map(({ userId }) => userId),
        states.map(({ version }) => version),
        states.map(({ suspended }) => suspended),
        reason,
      ],
    );
    return rows.map(({ id }) => id);
  }
}
