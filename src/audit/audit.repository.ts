import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import type { AuditEventType, AuditRecord } from './audit-record.js';

export interface AuditRow {
  id: string;
  type: AuditEventType;
  actor: string;
  session_id: string | null;
  ip: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  created_at: Date;
}

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(tx: Transaction, record: AuditRecord): Promise<void> {
    await tx.query(
      `insert into audit_events
         (type, user_id, actor, session_id, application_id, ip, user_agent, reason, details, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())`,
      [
        record.type,
        record.userId,
        record.actor,
        record.sessionId ?? null,
        record.applicationId ?? null,
        record.source?.ip ?? null,
        record.source?.userAgent ?? null,
        record.reason ?? null,
        JSON.stringify(record.details ?? {}),
      ],
    );
  }

  /** Newest first; `before` is the id of the last one already seen. */
  listOfUser(userId: string, limit: number, before: string | null): Promise<AuditRow[]> {
    return this.database.query<AuditRow>(
      `select id, type, actor, session_id, host(ip) as ip, reason, details, created_at
         from audit_events
        where user_id = $1 and ($2::bigint is null or id < $2::bigint)
        order by id desc
        limit $3`,
      [userId, before, limit],
    );
  }
}
