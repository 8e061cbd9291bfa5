import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import type { AuditEventType, AuditRecord } from './audit-record.js';
import { AuditRepository, type AuditRow } from './audit.repository.js';

/** One thing that happened to an account, as its owner sees it. */
export interface Activity {
  id: string;
  type: AuditEventType;
  byYou: boolean;
  by: ActivityBy;
  sessionId: string | null;
  ip: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  createdAt: string;
}

/** Who it was, as far as the account's owner is told. */
export type ActivityBy = 'you' | 'administrator' | 'service';

/** The id of no account (RFC 9562 §5.9). */
const NOBODY = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class AuditService {
  constructor(private readonly audit: AuditRepository) {}

  /** Writes it in the transaction of what it tells: both are committed, or neither. */
  record(tx: Transaction, record: AuditRecord): Promise<void> {
    return this.audit.insert(tx, [record]);
  }

  /** As `record`, for many at once by one statement. */
  async recordAll(tx: Transaction, records: AuditRecord[]): Promise<void> {
    if (records.length > 0) await this.audit.insert(tx, records);
  }

  /** Whether a device was signed in from this network (CIDR), of late. For no account it looks as long and says no. */
  hasSignedInFrom(userId: string | null, network: string): Promise<boolean> {
    return this.audit.hasSignedInFrom(userId ?? NOBODY, network);
  }

  /** Newest first. `before`: the id of the last one seen; `nextCursor` is there when more may follow. */
  async listOfUser(
    userId: string,
    limit: number,
    before: string | null,
  ): Promise<{ items: Activity[]; nextCursor?: string }> {
    const rows = await this.audit.listOfUser(userId, limit, before);
    const items = rows.map((row) => toActivity(row, userId));
    const last = items.at(-1);
    return last && items.length === limit ? { items, nextCursor: last.id } : { items };
  }
}

/** What an administrator wrote as the reason, and where they sat, is for the audit and not for whom it concerns. */
function toActivity(row: AuditRow, userId: string): Activity {
  const by = byWhom(row.actor, userId);
  const told = by !== 'administrator';
  return {
    id: row.id,
    type: row.type,
    byYou: by === 'you',
    by,
    sessionId: row.session_id,
    ip: told ? row.ip : null,
    reason: told ? row.reason : null,
    details: row.details,
    createdAt: row.created_at.toISOString(),
  };
}

function byWhom(actor: string, userId: string): ActivityBy {
  if (actor === `user:${userId}`) return 'you';
  return /^(user|operator):/.test(actor) ? 'administrator' : 'service';
}
