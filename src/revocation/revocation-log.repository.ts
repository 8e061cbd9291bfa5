import { Injectable } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import { Clock } from '../common/clock.js';
import type { Queryable } from '../database/database.js';
import { DatabaseClock } from '../database/database-clock.js';
import { revocationColumns, toEntry, type RevocationRow } from './revocation-row.js';
import { SyncConnection } from './sync-connection.js';

/** How far an instance has read the log. */
export interface Cursor {
  epoch: string;
  seq: number;
  /** The row that stands at `seq`; null when it has none or it was purged. */
  rowId: string | null;
}

export interface LogRead {
  /** How far it went. */
  cursor: Cursor;
  /** How far the log goes. */
  head: number;
  /** Whether it was read as far as that; if not, there is more to read. */
  complete: boolean;
  /** The row that stands now where the reader's cursor was; null when there is none. */
  rowIdAtCursor: string | null;
  entries: RevocationEntry[];
}

/** Rows read at a time before anybody is served, however long the list is: a megabyte. */
const LOAD_PAGE = 5_000;

/** The same while requests are served, which wait for a page to be taken in: 3 to 5 ms, where 5,000 took up to 40. */
const PAGE = 500;

/** What answers. `told`: its clock, milliseconds since 1970. */
interface FoundServer {
  standby: boolean;
  told: number;
}

const SERVER_COLUMNS = `pg_is_in_recovery() as standby, 1000 * extract(epoch from now())::float8 as told`;

/** A line of the log. `id` tells it from another one that has its place after a restore. */
type LogRow = RevocationRow & { id: string };

/**
 * How an instance follows the log: by a connection of its own.
 *
 * Pages are asked for by one bound and nothing else. With two, of a table that the database has no statistics of (just
 * restored, or just filled), it expects few lines between them and sorts all of them for every page: a million took 85 s.
 */
@Injectable()
export class RevocationLogRepository {
  constructor(
    private readonly connection: SyncConnection,
    private readonly clock: Clock,
    private readonly databaseClock: DatabaseClock,
  ) {}

  /** What the log says past `cursor`, one page of it, its head, and the row at the cursor: all in one snapshot. */
  async readAfter(cursor: Cursor): Promise<LogRead> {
    const asked = this.clock.now();
    const rows = await this.connection.query<{ epoch: string; head: string } & FoundServer & Partial<LogRow>>(
      `select head.epoch, head.seq as head, ${SERVER_COLUMNS}, log.id, ${revocationColumns('log')}
         from revocation_head head
         left join lateral (
           select * from revocations where seq >= $1 order by seq limit ${PAGE + 1}) log on true
        order by log.seq`,
      [cursor.seq],
    );
    // What stands past the head (a restore left it there) is no part of the log.
    const log = rows.filter(
      (row): row is (typeof rows)[number] & LogRow => row.seq != null && Number(row.seq) <= Number(row.head),
    );
    const found = rows[0];
    if (!found) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
    this.noteServer(found, asked);
    const [epoch, head, last] = [found.epoch, Number(found.head), log.at(-1)];
    const complete = log.length <= PAGE;
    const seq = complete || !last ? head : Number(last.seq);
    return {
      cursor: { epoch, seq, rowId: idAt(log, seq) },
      head,
      complete,
      rowIdAtCursor: idAt(log, cursor.seq),
      entries: log.filter((row) => Number(row.seq) > cursor.seq).map(toEntry),
    };
  }

  /**
   * Hands every live entry to `apply`, page by page in no order, and returns the head: all as they stood at one moment.
   * By a cursor: however the server plans it, the table is read once.
   */
  async load(apply: (entries: RevocationEntry[]) => void): Promise<Cursor> {
    const asked = this.clock.now();
    return this.connection.snapshot(async (db) => {
      const [head] = await db.query<{ epoch: string; seq: string; id: string | null } & FoundServer>(
        `select head.epoch, head.seq, log.id, ${SERVER_COLUMNS}
           from revocation_head head left join revocations log on log.seq = head.seq`,
      );
      if (!head) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
      this.noteServer(head, asked);
      await db.query(
        `declare live no scroll cursor for
          select ${revocationColumns()} from revocations where expires_at is null or expires_at > now()`,
      );
      for (let page = await fetchLive(db); page.length > 0;) {
        // The server looks for the next page while this one is applied.
        const next = fetchLive(db);
        apply(page.map(toEntry).filter(({ seq }) => seq <= Number(head.seq)));
        page = await next;
      }
      return { epoch: head.epoch, seq: Number(head.seq), rowId: head.id };
    });
  }

  /**
   * A page of the lines past `after`, up to `upTo`, that are in force for longer than `lasting` seconds. `next`: what to
   * ask for after it; null when it was the last.
   */
  async page(
    after: number,
    upTo: number,
    lasting: number,
  ): Promise<{ entries: RevocationEntry[]; next: number | null }> {
    // Lines that have expired stay here: a table may have millions that the purge has not come to.
    const rows = await this.connection.query<{ last: string | null; size: string } & Partial<RevocationRow>>(
      `with page as (select * from revocations where seq > $1 order by seq limit ${PAGE})
       select whole.last, whole.size, ${revocationColumns('page')}
         from (select max(seq) as last, count(*) as size from page) whole
         left join page on page.expires_at is null or page.expires_at > now() + make_interval(secs => $2)
        order by page.seq`,
      [after, lasting],
    );
    const whole = rows[0]!;
    const last = Number(whole.last ?? upTo);
    return {
      entries: rows
        .filter((row): row is typeof row & RevocationRow => row.seq != null && Number(row.seq) <= upTo)
        .map(toEntry),
      next: Number(whole.size) < PAGE || last >= upTo ? null : last,
    };
  }

  /** Notes that this instance issues tokens of such a life, in seconds, and of those of the applications. */
  async noteTokenLife(seconds: number): Promise<void> {
    await this.connection.query(
      `insert into token_lives (seconds, last_used_at)
       select $1::integer, now() union
       select access_token_ttl, now() from applications where access_token_ttl is not null
       on conflict (seconds) do update set last_used_at = greatest(token_lives.last_used_at, excluded.last_used_at)`,
      [seconds],
    );
  }

  /** What a standby has received says nothing of what was committed meanwhile: reading there confirms nothing. */
  private noteServer({ standby, told }: FoundServer, asked: number): void {
    if (standby) throw new Error('The database is a standby: what was revoked may not have arrived there yet.');
    this.databaseClock.learn({ asked, told, answered: this.clock.now() });
  }
}

function fetchLive(db: Queryable): Promise<RevocationRow[]> {
  const page = db.query<RevocationRow>(`fetch ${LOAD_PAGE} from live`);
  // Where applying the page before throws, nobody waits for this one.
  page.catch(() => undefined);
  return page;
}

function idAt(rows: LogRow[], seq: number): string | null {
  return rows.find((row) => Number(row.seq) === seq)?.id ?? null;
}
