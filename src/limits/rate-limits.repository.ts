import { Injectable } from '@nestjs/common';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { Database } from '../database/database.js';
import type { PurgedBatch } from '../database/purge-at-pace.js';

/** Windows end by the clock of the instance that began them; the purge waits until every clock agrees (seconds). */
const CLOCK_DIFFERENCE = 60;

/** What the library hands to the driver. */
interface Statement {
  name: string;
  text: string;
  values: unknown[];
}

@Injectable()
export class RateLimitsRepository {
  constructor(private readonly database: Database) {}

  /** The library's counter on our table. It makes no table and clears nothing up: migrations and the purge do. */
  counter(name: string, points: number, seconds: number): RateLimiterPostgres {
    return new RateLimiterPostgres({
      storeClient: {
        query: async ({ name, text, values }: Statement) => {
          const rows = await this.database.queryPrepared(name, text, values);
          return { rows, rowCount: rows.length };
        },
      },
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: name,
      points,
      duration: seconds,
    });
  }

  /**
   * Takes an attempt back for each of these keys, in windows that are not over at `now` (milliseconds since 1970). Never
   * below none: the library's own way could leave a credit for the next window.
   */
  async takeBack(keys: string[], now: number): Promise<void> {
    await this.database.queryPrepared(
      'rate_limits:take-back',
      `with spent as (
         select key from rate_limits where key = any($1) and points > 0 and expire > $2 order by key for update)
       update rate_limits r set points = r.points - 1 from spent where r.key = spent.key`,
      [keys, now],
    );
  }

  /** Deletes up to `limit` windows that are over, the first ones from `from` on (milliseconds since 1970). */
  purgeBatch(limit: number, from: string | null): Promise<PurgedBatch> {
    return this.database.purge(
      `delete from rate_limits where key in (
         select key from rate_limits
          where expire < (extract(epoch from now()) - $3) * 1000 and expire >= coalesce($2::bigint, 0)
          order by expire limit $1 for update skip locked)
       returning expire as dead_at`,
      [limit, from, CLOCK_DIFFERENCE],
    );
  }
}
