import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import type { AuditEventType, AuditRecord } from './audit-record.js';
import { AuditRepository } from './audit.repository.js';

/** One thing that happened to an account, as its owner sees it. */
export interface Activity {
  id: string;
  type: AuditEventType;
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
