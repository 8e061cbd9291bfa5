import { Injectable } from '@nestjs/common';
import { RevocationIndex, type RevocationKind } from '@portcullis/verifier';
import {
  RevocationsInForceRepository,
  type RevocationFilter,
  type RevocationInForceRow,
  type Subject,
} from './revocations-in-force.repository.js';

/** A line of the deny-list as an operator sees it. Times are ISO 8601, UTC. */
export interface RevocationInForce {
  seq: number;
  kind: RevocationKind;
  subject: string;
  applicationId: string | null;
  minVersion: number | null;
  suspended: boolean;
  reason: string | null;
  actor: string | null;
  createdAt: string;
  /** Null: never. */
  expiresAt: string | null;
}

@Injectable()
export class RevocationsInForceService {
  constructor(private readonly revocations: RevocationsInForceRepository) {}

  /** The newest first; `cursor` is the `nextCursor` of the page before. A subject may have several lines. */
  async list(
    query: RevocationFilter & { limit: number; cursor?: string | undefined },
  ): Promise<{ items: RevocationInForce[]; nextCursor?: string }> {
    const rows = await this.revocations.list(query, query.limit, query.cursor ?? null);
    const items = rows.map(toRevocation);
    const last = items.at(-1);
    return last && items.length === query.limit ? { items, nextCursor: String(last.seq) } : { items };
  }

  /** All lines on any of these subjects, the newest first, and the index that an instance makes of them. */
  async on(subjects: Subject[]): Promise<{ lines: RevocationInForce[]; index: RevocationIndex }> {
    const lines = (await this.revocations.listOn(subjects)).map(toRevocation);
    const index = new RevocationIndex();
    for (const { seq, kind, subject, minVersion, suspended, expiresAt } of lines) {
      const until = expiresAt === null ? Infinity : Date.parse(expiresAt) / 1000;
      index.apply({ seq, kind, subject, minVersion: minVersion ?? 0, suspended, expiresAt: until });
    }
    return { lines, index };
  }
}

function toRevocation(row: RevocationInForceRow): RevocationInForce {
  return {
    seq: Number(row.seq),
    kind: row.kind,
    subject: row.subject,
    applicationId: row.application_id,
    minVersion: row.min_version === null ? null : Number(row.min_version),
    suspended: row.suspended,
    reason: row.reason,
    actor: row.actor,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
  };
}
