import { Injectable } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import { Database, type Transaction } from '../database/database.js';
import type { PurgedBatch } from '../database/purge-at-pace.js';
import type { RevocationDraft } from './revocation-draft.js';
import { HINT_CHANNEL } from './revocation-hints.js';
import { revocationColumns, toEntry, type RevocationRow } from './revocation-row.js';

/** Seconds past a token's life for which its entry is kept: the leeway of verifiers (5 s) and clocks that differ. */
const ENTRY_MARGIN = 5 + 300;

/**
 * The longest life of any token in circulation. A life counts until two minutes after the last token issued with it
 * has run out, as instances note it once a minute; when none is noted, the longest that the verifier accepts.
 */
const LONGEST_TOKEN_LIFE = `coalesce((
  select max(seconds) from token_lives
   where last_used_at + make_interval(secs => seconds) > now() - interval '2 minutes'), 3600)`;

@Injectable()
export class RevocationsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Appends to the log, in the given order. It must be the last statement before the commit: it locks the head row,
   * which makes the order of `seq` the order of commits, and every other writer waits for it. With the commit, the
   * instances that listen get a hint.
   */
  async append(tx: Transaction, drafts: RevocationDraft[]): Promise<RevocationEntry[]> {
    const rows = await tx.query<RevocationRow>(
      `with head as (update revocation_head set seq = seq + $1 returning epoch, seq)
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
       returning ${revocationColumns()},
                 (select pg_notify('${HINT_CHANNEL}', head.epoch || ':' || head.seq) from head)`,
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

  /** Deletes up to `limit` expired rows, the oldest from `from` on. */
  purgeBatch(limit: number, from: string | null): Promise<PurgedBatch> {
    const expired = { table: 'revocations', diedAt: 'expires_at', type: 'timestamptz', until: 'now()' } as const;
    return this.database.purge(expired, limit, from);
  }
}
