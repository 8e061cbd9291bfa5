import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Database, type Transaction, type DeadRows } from '../database/database.js';
import type { PurgedBatch } from '../database/purge-at-pace.js';
import { idleEndSql } from './alive.js';

/** What is done to many sessions at once, in the background. */
@Injectable()
export class SessionUpkeepRepository {
  private readonly idleEnd: string;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {
    this.idleEnd = idleEndSql(config);
  }

  /**
   * Writes when sessions were last used, given in seconds before now. Rows that somebody else holds are left out, and
   * sessions that have ended meanwhile, as no late word of their use may revive them: the ids that were written.
   */
  async writeActivity(ids: string[], secondsAgo: number[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `with used as (
         select s.id, noted.ago
           from unnest($1::uuid[], $2::float8[]) as noted (id, ago) join sessions s on s.id = noted.id
                join applications a on a.id = s.application_id
          where s.ended_at is null and now() < ${this.idleEnd}
          order by s.id for update of s skip locked)
       update sessions s set last_active_at = greatest(s.last_active_at, now() - make_interval(secs => used.ago))
         from used where s.id = used.id
       returning s.id`,
      [ids, secondsAgo],
    );
    return rows.map((row) => row.id);
  }

  /** Deletes up to `limit` sessions dead for longer than SESSION_RETENTION, however they died, the oldest from `from` on. */
  purgeBatch(limit: number, from: string | null): Promise<PurgedBatch> {
    const dead: DeadRows = {
      table: 'sessions',
      diedAt: 'coalesce(ended_at, expires_at)',
      type: 'timestamptz',
      until: 'now() - make_interval(secs => $3)',
      parameters: [this.config.sessionRetention],
    };
    return this.database.purge(dead, limit, from);
  }

  /** Forgets where and on what a deleted account was used. Its sessions have ended by the account's floor. */
  async erase(tx: Transaction, userId: string): Promise<void> {
    await tx.query(
      `with erased as (select id from sessions where user_id = $1 order by id for update)
       update sessions s
          set ip = null, user_agent = null, name = null, device = '{"browser": null, "os": null, "kind": "other"}'
         from erased where s.id = erased.id`,
      [userId],
    );
  }

  /** Ends those that have not ended: a database that was restored has forgotten that they had. */
  endLost(tx: Transaction, sessionIds: string[], reason: string): Promise<{ userId: string; sessionId: string }[]> {
    return tx.query(
      `with doomed as (
         select id from sessions where id = any($1::uuid[]) and ended_at is null order by id for update)
       update sessions s set ended_at = now(), end_reason = $2 from doomed
        where s.id = doomed.id
       returning s.user_id as "userId", s.id as "sessionId"`,
      [sessionIds, reason],
    );
  }
}
