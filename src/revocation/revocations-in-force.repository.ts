import { Injectable } from '@nestjs/common';
import type { RevocationKind } from '@portcullis/verifier';
import { Database } from '../database/database.js';

export interface RevocationFilter {
  kind?: RevocationKind | undefined;
  subject?: string | undefined;
}

export interface RevocationInForceRow {
  seq: string;
  kind: RevocationKind;
  subject: string;
  application_id: string | null;
  min_version: string | null;
  suspended: boolean;
  reason: string | null;
  actor: string | null;
  created_at: Date;
  expires_at: Date | null;
}

export interface Subject {
  kind: RevocationKind;
  subject: string;
}

const COLUMNS = `seq, kind, subject, application_id, min_version, suspended, reason, actor, created_at, expires_at`;

@Injectable()
export class RevocationsInForceRepository {
  constructor(private readonly database: Database) {}

  /**
   * The newest first; `before`: the seq of the last one already seen. By its subject a line is found by reading the log
   * backwards, a fraction of a second at a million lines: an index would cost every revocation to spare that.
   */
  list(filter: RevocationFilter, limit: number, before: string | null): Promise<RevocationInForceRow[]> {
    return this.database.query<RevocationInForceRow>(
      `select ${COLUMNS}
         from revocations
        where (expires_at is null or expires_at > now())
          and ($1::text is null or kind = $1) and ($2::text is null or subject = $2)
          and ($3::bigint is null or seq < $3)
        order by seq desc limit $4`,
      [filter.kind ?? null, filter.subject ?? null, before, limit],
    );
  }

  /** All lines on any of these subjects, the newest first. Reads the whole log, as `list` does. */
  listOn(subjects: Subject[]): Promise<RevocationInForceRow[]> {
    return this.database.query<RevocationInForceRow>(
      `select ${COLUMNS} from revocations
        where (expires_at is null or expires_at > now())
          and (kind, subject) in (select * from unnest($1::text[], $2::text[]))
        order by seq desc`,
      [subjects.map(({ kind }) => kind), subjects.map(({ subject }) => subject)],
    );
  }
}
