import { Injectable } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import type { Transaction } from '../database/database.js';
import { PUT_BACK } from './put-back.js';
import { HINT_CHANNEL } from './revocation-hints.js';
import { revocationColumns, toEntry, type RevocationRow } from './revocation-row.js';

/** Lines of a lost log, into the one that took its place. */
@Injectable()
export class PutBackRepository {
  /** Locks the head, so that of several instances one after the other looks at what is missing. Returns its epoch. */
  async lockHead(tx: Transaction): Promise<string> {
    const [head] = await tx.query<{ epoch: string }>('select epoch from revocation_head for update');
    if (!head) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
    return head.epoch;
  }

  /** Another epoch: who followed the lost log must not take the next line of this one for the next of that. */
  async renewEpoch(tx: Transaction): Promise<string> {
    // What stands past the head is no part of any log, and would be in the way of its next line.
    await tx.query('delete from revocations where seq > (select seq from revocation_head)');
    const [head] = await tx.query<{ epoch: string }>(
      'update revocation_head set epoch = gen_random_uuid() returning epoch',
    );
    return head!.epoch;
  }

  /**
   * Appends those lines that no live line of the log says already, and returns them. The head must be locked. A
   * suspension that the log has and the line has lifted stays: what was lost must not let anybody in.
   */
  async append(tx: Transaction, entries: RevocationEntry[]): Promise<RevocationEntry[]> {
    const rows = await tx.query<RevocationRow>(
      `with known as (
         select *, min_version = 0 as unversioned,
                case when expires_at is not null then to_timestamp(expires_at) end as ends_at
           from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::float8[])
                as known (kind, subject, application_id, min_version, suspended, expires_at)),
       missing as (
         select known.*, row_number() over () as place from known
          where not exists (
            select 1 from revocations said
             where said.kind = known.kind and said.subject = known.subject
               and coalesce(said.min_version, 0) >= known.min_version
               and said.suspended >= known.suspended
               -- An entry's time comes as a rounded number.
               and (said.expires_at is null or said.expires_at + interval '1 second' >= known.ends_at))),
       head as (
         update revocation_head set seq = seq + (select count(*) from missing) returning epoch, seq)
       insert into revocations (seq, id, kind, subject, application_id, min_version, suspended, reason, actor,
                                created_at, expires_at)
       select head.seq - (select count(*) from missing) + missing.place, gen_random_uuid(), missing.kind,
              missing.subject, missing.application_id, case when not missing.unversioned then missing.min_version end,
              missing.suspended or coalesce((
                select said.suspended from revocations said
                 where said.kind = missing.kind and said.subject = missing.subject order by said.seq desc limit 1), false),
              '${PUT_BACK}', 'system', now(), missing.ends_at
         from head, missing
       returning ${revocationColumns()},
                 (select pg_notify('${HINT_CHANNEL}', head.epoch || ':' || head.seq) from head)`,
      [
        entries.map(({ kind }) => kind),
        entries.map(({ subject }) => subject),
        entries.map(({ applicationId }) => applicationId ?? null),
        entries.map(({ minVersion }) => minVersion),
        entries.map(({ suspended }) => suspended),
        entries.map(({ expiresAt }) => (expiresAt === Infinity ? null : expiresAt)),
      ],
    );
    return rows.map(toEntry);
  }
}
