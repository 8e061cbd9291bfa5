import { Injectable } from '@nestjs/common';
import type { RevocationEntry, RevocationKind } from '@portcullis/verifier';
import { Database, type Transaction } from '../database/database.js';
import type { RevocationDraft } from './revocation-draft.js';

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
  /** Whether that is the head; if not, there is more to read. */
  complete: boolean;
  /** The row that stands now where the reader's cursor was; null when there is none. */
  rowIdAtCursor: string | null;
  entries: RevocationEntry[];
}

interface RevocationRow {
  seq: string;
  id: string;
  kind: RevocationKind;
  subject: string;
  application_id: string | null;
  min_version: string | null;
  suspended: boolean;
  expires_at: Date | null;
}

/** Rows read at a time, however long the list is: a megabyte, and no longer than requests can wait for it. */
const PAGE = 5_000;

/** Rows deleted in one transaction: some ten milliseconds. */
const PURGE_BATCH = 5_000;

/** Only one instance purges at a time. An arbitrary constant. */
const PURGE_LOCK = 7_203_002;

/** Seconds past a token's life for which its entry is kept: the leeway of verifiers (5 s) and clocks that differ. */
const ENTRY_MARGIN = 5 + 300;

/**
 * The longest life of any token in circulation. A life counts until two minutes after the last token issued with it
 * has run out, as instances note it once a minute; when none is noted, the longest that the verifier accepts.
 */
const LONGEST_TOKEN_LIFE = `coalesce((
  select max(seconds) from token_lives
   where last_used_at + make_interval(secs => seconds) > now() - interval '2 minutes'), 3600)`;

const COLUMNS = 'seq, id, kind, subject, application_id, min_version, suspended, expires_at';

@Injectable()
export class RevocationsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Appends to the log, in the given order. It must be the last statement before the commit: it locks the head row,
   * which makes the order of `seq` the order of commits, and every other writer waits for it.
   */
  async append(tx: Transaction, drafts: RevocationDraft[]): Promise<RevocationEntry[]> {
    const rows = await tx.query<RevocationRow>(
      `with head as (update revocation_head set seq = seq + $1 returning seq)
       insert into revocations (seq, id, kind, subject, application_id, min_version, suspended, reason, actor,
                                created_at, expires_at)
       select head.seq - $1 + draft.place, gen_random_uuid(), draft.kind, draft.subject, draft.application_id,
              draft.min_version, draft.suspended, draft.reason, draft.actor, now(),
              case when not draft.permanent
                then now() + make_interval(secs => ${LONGEST_TOKEN_LIFE} + ${ENTRY_MARGIN})
              end
         from head, unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::text[], $8::text[],
                           $9::boolean[])
              with ordinality as draft (kind, subject, application_id, min_version, suspended, reason, actor,
                                        permanent, place)
       returning ${COLUMNS}`,
      [
        drafts.length,
        drafts.map((draft) => draft.kind),
        drafts.map((draft) => draft.subject),
        drafts.map((draft) => draft.applicationId ?? null),
        drafts.map((draft) => draft.minVersion ?? null),
        drafts.map((draft) => draft.suspended ?? false),
        drafts.map((draft) => draft.reason),
        drafts.map((draft) => draft.actor),
        drafts.map((draft) => draft.permanent ?? false),
      ],
    );
    return rows.map(toEntry);
  }

  /** What the log says past `cursor`, one page of it, its head, and the row at the cursor: all in one snapshot. */
  async readAfter(cursor: Cursor): Promise<LogRead> {
    const rows = await this.database.query<{ epoch: string; head: string } & Partial<RevocationRow>>(
      `select head.epoch, head.seq as head, ${prefixed('log')}
         from revocation_head head
         left join lateral (
           select * from revocations where seq between $1 and head.seq order by seq limit ${PAGE + 1}) log on true
        order by log.seq`,
      [cursor.seq],
    );
    const log = rows.filter((row): row is (typeof rows)[number] & RevocationRow => row.seq != null);
    const found = rows[0];
    if (!found) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
    const [epoch, head, last] = [found.epoch, Number(found.head), log.at(-1)];
    const complete = log.length <= PAGE;
    const seq = complete || !last ? head : Number(last.seq);
    return {
      cursor: { epoch, seq, rowId: idAt(log, seq) },
      complete,
      rowIdAtCursor: idAt(log, cursor.seq),
      entries: log.filter((row) => Number(row.seq) > cursor.seq).map(toEntry),
    };
  }

  /** Hands every live entry to `apply`, page by page, and returns the head: all as they stood at one moment. */
  async load(apply: (entries: RevocationEntry[]) => void): Promise<Cursor> {
    return this.database.snapshot(async (tx) => {
      const [head] = await tx.query<{ epoch: string; seq: string; id: string | null }>(
        `select head.epoch, head.seq, log.id
           from revocation_head head left join revocations log on log.seq = head.seq`,
      );
      if (!head) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
      for (let after = '-1'; ;) {
        const rows = await tx.query<RevocationRow>(
          `select ${COLUMNS} from revocations
            where seq > $1 and seq <= $2 and (expires_at is null or expires_at > now())
            order by seq limit ${PAGE}`,
          [after, head.seq],
        );
        apply(rows.map(toEntry));
        const last = rows.at(-1);
        if (!last || rows.length < PAGE) break;
        after = last.seq;
      }
      return { epoch: head.epoch, seq: Number(head.seq), rowId: head.id };
    });
  }

  /** Notes that this instance issues tokens of such a life, in seconds. */
  async noteTokenLife(seconds: number): Promise<void> {
    await this.database.query(
      `insert into token_lives (seconds, last_used_at) values ($1, now())
       on conflict (seconds) do update set last_used_at = greatest(token_lives.last_used_at, excluded.last_used_at)`,
      [seconds],
    );
  }

  /** Deletes one batch of expired rows and says how many; 0 also when another instance is at it. */
  async purgeBatch(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1) as held', [PURGE_LOCK]);
      if (!lock?.held) return 0;
      const purged = await tx.query(
        `delete from revocations where seq in (
           select seq from revocations where expires_at < now()
            order by expires_at limit ${PURGE_BATCH} for update skip locked)
         returning seq`,
      );
      return purged.length;
    });
  }
}

function prefixed(alias: string): string {
  return COLUMNS.split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');
}

function idAt(rows: RevocationRow[], seq: number): string | null {
  return rows.find((row) => Number(row.seq) === seq)?.id ?? null;
}

function toEntry(row: RevocationRow): RevocationEntry {
  return {
    seq: Number(row.seq),
    kind: row.kind,
    subject: row.subject,
    minVersion: row.min_version === null ? 0 : Number(row.min_version),
    suspended: row.suspended,
    expiresAt: row.expires_at === null ? Infinity : row.expires_at.getTime() / 1000,
    ...(row.application_id !== null && { applicationId: row.application_id }),
  };
}
