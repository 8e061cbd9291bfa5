import { Injectable } from '@nestjs/common';
import type { RevocationKind } from '@portcullis/verifier';
import { RevocationsInForceRepository, type RevocationFilter } from './revocations-in-force.repository.js';

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
    const items = rows.map((row) => ({
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
    }));
    const last = items.at(-1);
    return last && items.length === query.limit ? { items, nextCursor: String(last.seq) } : { items };
  }
}
