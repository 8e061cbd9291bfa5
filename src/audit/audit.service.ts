import { Injectable } from '@nestjs/common';
import type { RequestSource } from '../common/request-source.js';
import type { Transaction } from '../database/database.js';
import { AuditRepository } from './audit.repository.js';

/** What can have happened. Stable names: operators filter by them, and pages put them in words. */
export type AuditEventType =
  | 'account.registered'
  | 'account.renamed'
  | 'account.deleted'
  | 'account.signed_out_everywhere'
  | 'account.roles_changed'
  | 'account.claims_changed'
  | 'password.changed'
  | 'session.started'
  | 'session.reauthenticated'
  | 'session.renamed'
  | 'session.ended'
  | 'refresh_token.reused';

export interface AuditRecord {
  type: AuditEventType;
  /** Whom it happened to. */
  userId: string | null;
  /** Who did it: `user:<id>`, `operator:<name>`, `system`, `anonymous`. */
  actor: string;
  sessionId?: string | null;
  applicationId?: string | null;
  source?: RequestSource | null;
  reason?: string | null;
  /** Never a secret, a token or a password. */
  details?: Record<string, unknown>;
}

/** One thing that happened to an account, as its owner sees it. */
export interface Activity {
  id: string;
  type: string;
  byYou: boolean;
  sessionId: string | null;
  ip: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  createdAt: string;
}

@Injectable()
export class AuditService {
  constructor(private readonly audit: AuditRepository) {}

  /** Writes it in the transaction of what it tells: both are committed, or neither. */
  record(tx: Transaction, record: AuditRecord): Promise<void> {
    return this.audit.insert(tx, record);
  }

  /** Newest first. `before`: the id of the last one seen; `nextCursor` is there when more may follow. */
  async listOfUser(
    userId: string,
    limit: number,
    before: string | null,
  ): Promise<{ items: Activity[]; nextCursor?: string }> {
    const rows = await this.audit.listOfUser(userId, limit, before);
    const items = rows.map((row) => ({
      id: row.id,
      type: row.type,
      byYou: row.actor === `user:${userId}`,
      sessionId: row.session_id,
      ip: row.ip,
      reason: row.reason,
      details: row.details,
      createdAt: row.created_at.toISOString(),
    }));
    const last = items.at(-1);
    return last && items.length === limit ? { items, nextCursor: last.id } : { items };
  }
}
