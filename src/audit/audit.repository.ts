import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import type { PurgedBatch } from '../database/purge-at-pace.js';
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

/** Rows of an account that say where it was used before: years of a person's, and quickly read. */
const REMEMBERED = 500;

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(tx: Transaction, records: AuditRecord[]): Promise<void> {
    await tx.query(
      `insert into audit_events
         (type, user_id, actor, session_id, application_id, ip, user_agent, reason, details, created_at)
       select *, now()
         from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::inet[], $7::text[], $8::text[],
                     $9::jsonb[])`,
      [
        records.map((record) => record.type),
        records.map((record) => record.userId),
        records.map((record) => record.actor),
        records.map((record) => record.sessionId ?? null),
        records.map((record) => record.applicationId ?? null),
        records.map((record) => record.source?.ip ?? null),
        records.map((record) => record.source?.userAgent ?? null),
        records.map((record) => record.reason ?? null),
        records.map((record) => JSON.stringify(record.details ?? {})),
      ],
    );
  }

  /** Deletes up to `most` rows older than `retention`, in seconds, by the one function that may; how many. */
  async purgeBatch(retention: number, most: number): Promise<PurgedBatch> {
    const [row] = await this.database.query<{ purged: number }>(
      'select audit_events_purge(make_interval(secs => $1), $2) as purged',
      [retention, most],
    );
    return { rows: row!.purged, last: null };
  }

  /** Whether one of the account's latest rows tells of a sign-in from this network. */
  async hasSignedInFrom(userId: string, network: string): Promise<boolean> {
    const [row] = await this.database.query<{ known: boolean }>(
      `select exists (
         select from (select type, ip from audit_events where user_id = $1 order by id desc limit ${REMEMBERED}) latest
          where type = 'session.started' and ip <<= $2::inet) as known`,
      [userId, network],
    );
    return row?.known === true;
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
