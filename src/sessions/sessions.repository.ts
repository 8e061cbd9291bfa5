import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Database, type Queryable, type Transaction } from '../database/database.js';
import { absoluteLifeSql, aliveSql, endReasonSql, idleEndSql } from './alive.js';
import type { Device } from './device.js';
import type { Delivery } from '../applications/delivery.js';
import { ENDED_COLUMNS, type EndedSession } from './session-ends.repository.js';
import { grantColumns, toSessionGrant, type SessionGrant, type SessionGrantRow } from './session-grant.js';

/** A sign-in: the session to insert, and the state of account and application in which the person proved who they are. */
export interface NewSession {
  id: string;
  userId: string;
  userVersion: number;
  passwordHash: string;
  /** Null for an application that there was not. */
  applicationVersion: number | null;
  applicationId: string;
  secretHash: Buffer;
  delivery: Delivery;
  name: string | null;
  device: Device;
  userAgent: string | null;
  ip: string | null;
  remembered: boolean;
  amr: string[];
}

export interface SessionRow {
  id: string;
  application_id: string;
  application_name: string;
  name: string | null;
  device: Device;
  ip: string | null;
  created_at: Date;
  last_active_at: Date;
  expires_at: Date;
  idle_expires_at: Date;
}

@Injectable()
export class SessionsRepository {
  private readonly alive: string;
  private readonly idleEnd: string;
  private readonly absoluteLife: string;
  private readonly joins = 'join users u on u.id = s.user_id join applications a on a.id = s.application_id';

  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {
    this.alive = aliveSql(config);
    this.idleEnd = idleEndSql(config);
    this.absoluteLife = absoluteLifeSql(config, '$12');
  }

  /**
   * Null when the account is not what it was when the person proved who they are, when everyone has been signed out of
   * the application since, or when it is disabled. A version of the application that was raised without that ends
   * nothing: the session is of the version of the proof, its tokens of the one that holds now.
   */
  async insert(tx: Transaction, session: NewSession): Promise<SessionGrant | null> {
    const [row] = await tx.query<SessionGrantRow>(
      `with s as (
         insert into sessions (id, user_id, application_id, user_version, application_version, generation, secret_hash,
                               rotated_at, delivery, name, device, user_agent, ip, remembered, amr, authenticated_at,
                               created_at, last_active_at, expires_at)
         select $1, u.id, a.id, u.token_version, $14::bigint, 1, $6,
                now(), $7, $8, $9, $10, $11, $12::boolean, $13, now(), now(), now(), now() + make_interval(secs => ${this.absoluteLife})
           from users u, applications a
          where u.id = $2 and u.token_version = $3 and u.password_hash = $4 and u.status = 'active'
            and a.id = $5 and a.enabled and $14::bigint >= a.sessions_floor
         returning *)
       select ${grantColumns(this.idleEnd)} from s ${this.joins}`,
      [
        session.id,
        session.userId,
        session.userVersion,
        session.passwordHash,
        session.applicationId,
        session.secretHash,
        session.delivery,
        session.name,
        JSON.stringify(session.device),
        session.userAgent,
        session.ip,
        session.remembered,
        session.amr,
        session.applicationVersion,
      ],
    );
    return row ? toSessionGrant(row) : null;
  }

  /** Live sessions, in no order. */
  listLive(userId: string): Promise<SessionRow[]> {
    return this.database.query<SessionRow>(
      `select ${this.columns()} from sessions s ${this.joins} where s.user_id = $1 and ${this.alive}`,
      [userId],
    );
  }

  /** Null when the person has no such live session. */
  async findLive(userId: string, sessionId: string): Promise<SessionRow | null> {
    const [row] = await this.database.query<SessionRow>(
      `select ${this.columns()} from sessions s ${this.joins} where s.id = $2 and s.user_id = $1 and ${this.alive}`,
      [userId, sessionId],
    );
    return row ?? null;
  }

  /** Why it ended; null while it is alive. Null for `userId`: whoever's it is. `unknown` when there is no such session, or none any more. */
  async findEndReason(userId: string | null, sessionId: string, db: Queryable = this.database): Promise<string | null> {
    const [row] = await db.query<{ reason: string | null }>(
      `select ${endReasonSql(this.config)} as reason from sessions s ${this.joins}
        where s.id = $2 and ($1::uuid is null or s.user_id = $1)`,
      [userId, sessionId],
    );
    return row ? row.reason : 'unknown';
  }

  /** Whether there is a row of it, alive or ended. */
  async exists(sessionId: string): Promise<boolean> {
    const rows = await this.database.query('select from sessions where id = $1', [sessionId]);
    return rows.length > 0;
  }

  /** Null when the person has no such live session. */
  async rename(tx: Transaction, userId: string, sessionId: string, name: string): Promise<SessionRow | null> {
    const [row] = await tx.query<SessionRow>(
      `update sessions s set name = $3 from users u, applications a
        where s.id = $2 and s.user_id = $1 and u.id = s.user_id and a.id = s.application_id and ${this.alive}
       returning ${this.columns()}`,
      [userId, sessionId, name],
    );
    return row ?? null;
  }

  /** Whoever's it is; of `userId` only, where one is given. Null when there is no such live session. */
  async endLive(
    tx: Transaction,
    sessionId: string,
    userId: string | null,
    reason: string,
  ): Promise<EndedSession | null> {
    const [row] = await tx.query<EndedSession>(
      `update sessions s set ended_at = now(), end_reason = $3 from users u, applications a
        where s.id = $1 and ($2::uuid is null or s.user_id = $2) and u.id = s.user_id and a.id = s.application_id
          and ${this.alive}
       returning ${ENDED_COLUMNS}`,
      [sessionId, userId, reason],
    );
    return row ?? null;
  }

  /** Ends all live ones but one, locking rows in the order of their ids. */
  endOthers(tx: Transaction, userId: string, kept: string, reason: string): Promise<EndedSession[]> {
    return tx.query<EndedSession>(
      `with doomed as (
         select s.id from sessions s ${this.joins} where s.user_id = $1 and s.id <> $2 and ${this.alive}
          order by s.id for update of s)
       update sessions s set ended_at = now(), end_reason = $3 from doomed
        where s.id = doomed.id
       returning ${ENDED_COLUMNS}`,
      [userId, kept, reason],
    );
  }

  /** How many live sessions the person has. */
  async countLive(userId: string, db: Queryable = this.database): Promise<number> {
    const [row] = await db.query<{ count: string }>(
      `select count(*) from sessions s ${this.joins} where s.user_id = $1 and ${this.alive}`,
      [userId],
    );
    return Number(row?.count);
  }

  /**
   * Ends the live sessions longest unused, until `max` remain. `newest` goes last: whoever has just signed in is not
   * thrown out because another device was used a moment later.
   */
  async endSurplus(
    tx: Transaction,
    userId: string,
    newest: string,
    max: number,
    reason: string,
  ): Promise<EndedSession[]> {
    // One at a time for each person: the next one counts what this one leaves. Sign-ins are not kept waiting by it.
    await tx.query('select 1 from users where id = $1 for no key update', [userId]);
    return tx.query<EndedSession>(
      `with surplus as (
         select s.id from sessions s ${this.joins} where s.user_id = $1 and ${this.alive}
          order by s.id = $2 desc, s.last_active_at desc, s.created_at desc, s.id desc offset $3),
       doomed as (
         select id from sessions where id in (select id from surplus) and ended_at is null order by id for update)
       update sessions s set ended_at = now(), end_reason = $4 from doomed
        where s.id = doomed.id
       returning ${ENDED_COLUMNS}`,
      [userId, newest, max, reason],
    );
  }

  private columns(): string {
    return `s.id, a.id as application_id, coalesce(a.name, a.id) as application_name, s.name, s.device, host(s.ip) as ip, s.created_at, s.last_active_at, s.expires_at,
      least(${this.idleEnd}, s.expires_at) as idle_expires_at`;
  }
}
