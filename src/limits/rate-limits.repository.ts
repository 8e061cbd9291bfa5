import { Injectable } from '@nestjs/common';
import { Database, type DeadRows } from '../database/database.js';
import type { PurgedBatch } from '../database/purge-at-pace.js';

/** Windows end by the clock of the instance that began them; the purge waits until every clock agrees (seconds). */
const CLOCK_DIFFERENCE = 60;

/** What a limit allows whom it is about. */
export interface Allowance {
  /** The limit's name and whom it is about. */
  key: string;
  points: number;
  /** Seconds. */
  seconds: number;
}

/** A place within one window of a limit, held until it is known what came of the attempt. */
export interface Place {
  key: string;
  /** The end of the window, milliseconds since 1970: a later window has nothing to do with the place. */
  expire: number;
}

/** How a window stands. */
export interface Window {
  taken: boolean;
  points: number;
  reserved: number;
  /** When it ends, milliseconds since 1970. */
  expire: number;
}

type WindowRow = Omit<Window, 'expire'> & { expire: string };

@Injectable()
export class RateLimitsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes one place of the allowance, to be `reserved` or `counted` at once, if it has one left at `now` (milliseconds
   * since 1970). Null when another attempt has begun the window and taken all of it in the same moment.
   */
  async take({ key, points, seconds }: Allowance, as: 'reserved' | 'counted', now: number): Promise<Window | null> {
    const counted = as === 'counted' ? 1 : 0;
    const [row] = await this.database.queryPrepared<WindowRow>(
      'rate_limits:take',
      `with taken as (
         insert into rate_limits as w (key, points, reserved, expire) values ($1, $4, $5, $2::bigint + $3::bigint)
         on conflict (key) do update
           set points = case when w.expire > $2 then w.points else 0 end + excluded.points,
               reserved = case when w.expire > $2 then w.reserved else 0 end + excluded.reserved,
               expire = case when w.expire > $2 then w.expire else excluded.expire end
         where w.expire <= $2 or w.points + w.reserved < $6
         returning true as taken, points, reserved, expire)
       select * from taken
       union all
       select false, points, reserved, expire from rate_limits where key = $1 and not exists (select from taken)`,
      [key, now, seconds * 1000, counted, 1 - counted, points],
    );
    return row ? { ...row, expire: Number(row.expire) } : null;
  }

  /** Gives up places whose attempts have been made: `counted` as failed, or as if they had not been made. */
  async release(places: Place[], counted: boolean): Promise<void> {
    await this.database.queryPrepared(
      'rate_limits:release',
      // In the order of keys: two that release the same ones never wait for one another for ever.
      `with held as (
         select w.key from rate_limits w join unnest($1::text[], $2::bigint[]) as place (key, expire)
                on place.key = w.key and place.expire = w.expire
          where w.reserved > 0 order by w.key for update of w)
       update rate_limits w set reserved = w.reserved - 1, points = w.points + $3
         from held where w.key = held.key`,
      [places.map(({ key }) => key), places.map(({ expire }) => expire), counted ? 1 : 0],
    );
  }

  /** Deletes up to `limit` windows that are over, the first ones from `from` on (milliseconds since 1970). */
  purgeBatch(limit: number, from: string | null): Promise<PurgedBatch> {
    const over: DeadRows = {
      table: 'rate_limits',
      diedAt: 'expire',
      type: 'bigint',
      // A bigint, as `expire` is: compared with a numeric, the index would not help.
      until: '((extract(epoch from now()) - $3) * 1000)::bigint',
      parameters: [CLOCK_DIFFERENCE],
    };
    return this.database.purge(over, limit, from);
  }
}
