import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { jsonLine } from './json-line.js';
import {
  AuditTrailRepository,
  type AuditFilter,
  type AuditPlace,
  type AuditTrailRow,
} from './audit-trail.repository.js';

export type { AuditFilter };

/** One row of the audit as operators see it: who, what, whom, from where and why. Times are ISO 8601, UTC. */
export interface AuditEntry {
  id: string;
  type: string;
  userId: string | null;
  actor: string;
  sessionId: string | null;
  applicationId: string | null;
  ip: string | null;
  userAgent: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  createdAt: string;
}

/** Rows of an export read at a time: some 200 KiB, however long the trail is. */
const EXPORT_BATCH = 500;

const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_(\d{1,18})$/;

/** Reading the audit. Writing is `AuditService`'s; changing it is nobody's. */
@Injectable()
export class AuditTrailService {
  constructor(private readonly trail: AuditTrailRepository) {}

  /** The newest first; `cursor` is the `nextCursor` of the page before. Throws `validation_failed` for another one. */
  async list(
    query: AuditFilter & { limit: number; cursor?: string | undefined },
  ): Promise<{ items: AuditEntry[]; nextCursor?: string }> {
    const before = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const rows = await this.trail.listBefore(query, query.limit, before);
    const last = rows.at(-1);
    const items = rows.map(toEntry);
    return last && rows.length === query.limit ? { items, nextCursor: encodeCursor(last) } : { items };
  }

  /** What had happened when it was called, the oldest first, as JSON lines: a batch of them at a time. */
  async *exportLines(filter: AuditFilter): AsyncGenerator<string> {
    // Else a trail that grows faster than its reader reads has no end.
    const bounded = { ...filter, to: filter.to ?? (await this.trail.now()) };
    let rows: AuditTrailRow[] = [];
    do {
      rows = await this.trail.listAfter(bounded, EXPORT_BATCH, rows.at(-1) ?? null);
      if (rows.length > 0) yield rows.map((row) => jsonLine(toEntry(row))).join('');
    } while (rows.length === EXPORT_BATCH);
  }
}

function toEntry(row: AuditTrailRow): AuditEntry {
  return {
    id: row.id,
    type: row.type,
    userId: row.user_id,
    actor: row.actor,
    sessionId: row.session_id,
    applicationId: row.application_id,
    ip: row.ip,
    userAgent: row.user_agent,
    reason: row.reason,
    details: row.details,
    createdAt: row.created_at.toISOString(),
  };
}

function encodeCursor({ moment, id }: AuditPlace): string {
  return Buffer.from(`${moment}_${id}`).toString('base64url');
}

function decodeCursor(cursor: string): AuditPlace {
  const [, moment = '', id = ''] = PLACE.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  // Without the microseconds, which JavaScript has not: a 30 February is none, and PostgreSQL would throw.
  const time = `${moment.slice(0, -4)}Z`;
  const date = new Date(time);
  if (!Number.isNaN(date.getTime()) && date.toISOString() === time && date.getUTCFullYear() > 0) return { moment, id };
  throw new AppError('validation_failed', {
    errors: [{ pointer: '/cursor', detail: 'Write the nextCursor of the page before.', in: 'query' }],
  });
}
