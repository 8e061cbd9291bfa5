import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { AuditEventType } from './audit-record.js';

/** All that is given must hold. */
export interface AuditFilter {
  /** Whom it happened to. */
  userId?: string | undefined;
  /** Who did it. */
  actor?: string | undefined;
  type?: AuditEventType | undefined;
  /** ISO 8601; from then on, and before that. */
  from?: string | undefined;
  to?: string | undefined;
}

/** A place in the trail: the time of a row in microseconds, as text, and its id. */
export interface AuditPlace {
  moment: string;
  id: string;
}

export interface AuditTrailRow {
  id: string;
  type: string;
  user_id: string | null;
  actor: string;
  session_id: string | null;
  application_id: string | null;
  ip: string | null;
  user_agent: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  created_at: Date;
  moment: string;
}

const COLUMNS = `id, type, user_id, actor, session_id, application_id, host(ip) as ip, user_agent, reason, details,
  created_at, ${momentOf('created_at')} as moment`;

function momentOf(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The audit as operators read it. By time rather than id: the rows of a transaction bear the time at which it began. */
@Injectable()
export class AuditTrailRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, from behind `before`; null: from the end. */
  listBefore(filter: AuditFilter, limit: number, before: AuditPlace | null): Promise<AuditTrailRow[]> {
    return this.list(filter, limit, before, { compare: '<', order: 'desc' });
  }

  /** The oldest first, from behind `after`; null: from the beginning. */
  listAfter(filter: AuditFilter, limit: number, after: AuditPlace | null): Promise<AuditTrailRow[]> {
    return this.list(filter, limit, after, { compare: '>', order: 'asc' });
  }

  /** By the clock that the rows bear, in its microseconds. */
  async now(): Promise<string> {
    const [row] = await this.database.query<{ now: string }>(`select ${momentOf('now()')} as now`);
    return row!.now;
  }

  private list(
    filter: AuditFilter,
    limit: number,
    place: AuditPlace | null,
    { compare, order }: { compare: '<' | '>'; order: 'asc' | 'desc' },
  ): Promise<AuditTrailRow[]> {
    const parameters: unknown[] = [limit];
    const add = (value: unknown) => `$${parameters.push(value)}`;
    const conditions = [
      ...(filter.userId === undefined ? [] : [`user_id = ${add(filter.userId)}`]),
      ...(filter.actor === undefined ? [] : [`actor = ${add(filter.actor)}`]),
      ...(filter.type === undefined ? [] : [`type = ${add(filter.type)}`]),
      ...(filter.from === undefined ? [] : [`created_at >= ${add(filter.from)}::timestamptz`]),
      ...(filter.to === undefined ? [] : [`created_at < ${add(filter.to)}::timestamptz`]),
      ...(place === null
        ? []
        : [`(created_at, id) ${compare} (${add(place.moment)}::timestamptz, ${add(place.id)}::bigint)`]),
    ];
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    return this.database.query<AuditTrailRow>(
      `select ${COLUMNS} from audit_events ${where} order by created_at ${order}, id ${order} limit $1`,
      parameters,
    );
  }
}
