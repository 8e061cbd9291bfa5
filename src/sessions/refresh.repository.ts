import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Database, type Transaction } from '../database/database.js';
import { aliveSql, endReasonSql, idleEndSql } from './alive.js';
import type { RefreshEvidence } from './refresh-verdict.js';
import { ENDED_COLUMNS, type EndedSession } from './session-ends.repository.js';
import { grantColumns, toSessionGrant, type SessionGrant, type SessionGrantRow } from './session-grant.js';
import type { RefreshTokenBinding } from './refresh-token.js';

/** A presented token in the terms of the table. */
export interface PresentedToken extends RefreshTokenBinding {
  sessionId: string;
  generation: number;
  secretHash: Buffer;
  byBrowser: boolean;
}

/** A session whose person has just proved who they are. */
export interface ProvedSession {
  sessionId: string;
  userId: string;
  /** The account's token version in which they did. */
  userVersion: number;
  /** The floor by which the session must be alive, where this transaction has just raised the account's. */
  floor?: number;
}

interface EvidenceRow extends SessionGrantRow {
  secret: RefreshEvidence['secret'];
  alive: boolean;
  user_status: RefreshEvidence['userStatus'];
  application_enabled: boolean;
  within_grace: boolean;
  end_reason: string | null;
}

export interface FoundSession {
  evidence: RefreshEvidence;
  grant: SessionGrant;
  /** Null while it is alive. */
  endReason: string | null;
}

/** The counter on the one row per device. */
@Injectable()
export class RefreshRepository {
  private readonly rotateSql: string;
  private readonly findSql: string;
  private readonly reissueSql: string;

  constructor(
    private readonly database: Database,
    config: Config,
  ) {
    const columns = grantColumns(idleEndSql(config));
    const alive = aliveSql(config);
    this.rotateSql = rotateSql(config);
    this.findSql = `
      select ${columns}, ${alive} as alive, ${endReasonSql(config)} as end_reason, u.status as user_status, a.enabled as application_enabled,
             case when s.secret_hash = $2 then 'current' when s.previous_secret_hash = $2 then 'previous' else 'other' end as secret,
             ${withinGraceSql(config)} as within_grace
        from sessions s join users u on u.id = s.user_id join applications a on a.id = s.application_id
       where s.id = $1 and s.application_id = $3 and s.delivery = $4`;
    this.reissueSql = `
      update sessions s
         set generation = s.generation + 1, rotated_at = now(), last_active_at = now(), authenticated_at = now(),
             user_version = u.token_version, application_version = a.token_version, previous_secret_hash = s.secret_hash, secret_hash = $4
        from users u, applications a
       where s.id = $1 and s.user_id = $2 and u.id = s.user_id and a.id = s.application_id
         and u.token_version = $3 and ${aliveSql(config, 'coalesce($5::bigint, u.sessions_floor)')}
      returning ${columns}`;
  }

  /** Moves the counter on by one; null when the token is not the current one of a live session, or is to be repeated. */
  async rotate(token: PresentedToken, ip: string | null): Promise<SessionGrant | null> {
    const [row] = await this.database.queryPrepared<SessionGrantRow>('rotate_session', this.rotateSql, [
      token.sessionId,
      token.generation,
      token.secretHash,
      token.applicationId,
      token.delivery,
      ip,
      token.byBrowser,
    ]);
    return row ? toSessionGrant(row) : null;
  }

  /** The session as it stands; null when the table has none of this id, application and delivery. */
  async find(token: PresentedToken): Promise<FoundSession | null> {
    const [row] = await this.database.query<EvidenceRow>(this.findSql, [
      token.sessionId,
      token.secretHash,
      token.applicationId,
      token.delivery,
    ]);
    if (!row) return null;
    const grant = toSessionGrant(row);
    const evidence = {
      secret: row.secret,
      alive: row.alive,
      userStatus: row.user_status,
      applicationEnabled: row.application_enabled,
      generation: grant.generation,
      withinGrace: row.within_grace,
    };
    return { evidence, grant, endReason: row.end_reason };
  }

  /** For what a session's tokens are good, and whose it is; null when the table has no such session. */
  async findBinding(sessionId: string): Promise<(RefreshTokenBinding & { userId: string }) | null> {
    const [row] = await this.database.query<RefreshTokenBinding & { userId: string }>(
      `select application_id as "applicationId", delivery, user_id as "userId" from sessions where id = $1`,
      [sessionId],
    );
    return row ?? null;
  }

  /**
   * A new token with a new secret after the person proved who they are again. Null when the session is not alive, or
   * the account changed meanwhile. The application's version is the one of this statement: everyone was signed out
   * neither since the proof nor since the sign-in, or the session were not alive by the version that it had.
   */
  async reissue(tx: Transaction, session: ProvedSession, secretHash: Buffer): Promise<SessionGrant | null> {
    const { sessionId, userId, userVersion, floor } = session;
    const parameters = [sessionId, userId, userVersion, secretHash, floor ?? null];
    const [row] = await tx.query<SessionGrantRow>(this.reissueSql, parameters);
    return row ? toSessionGrant(row) : null;
  }

  /**
   * Ends the session if this token is still an old one of it. The description of its device; null when it has ended
   * already.
   */
  async endReused(tx: Transaction, token: PresentedToken, reason: string): Promise<EndedSession | null> {
    const [row] = await tx.query<EndedSession>(
      `update sessions s set ended_at = now(), end_reason = $3
        where s.id = $1 and s.generation > $2 and s.ended_at is null
       returning ${ENDED_COLUMNS}`,
      [token.sessionId, token.generation, reason],
    );
    return row ?? null;
  }
}

/** Whether the last rotation or re-issue of a session `s` lies within REFRESH_GRACE. Never, where that is 0. */
function withinGraceSql({ refreshGrace }: Config): string {
  return `now() < s.rotated_at + make_interval(secs => ${refreshGrace})`;
}

/** Takes `[session id, generation, secret hash, application id, delivery, ip, by a browser]`; one row, or none. */
export function rotateSql(config: Config): string {
  return `
    update sessions s
       set generation = s.generation + 1, rotated_at = now(), last_active_at = now(), ip = $6
      from users u, applications a
     where s.id = $1 and s.generation = $2 and s.secret_hash = $3 and s.application_id = $4 and s.delivery = $5
       and not ($7::boolean and ${withinGraceSql(config)})
       and u.id = s.user_id and a.id = s.application_id and ${aliveSql(config)}
    returning ${grantColumns(idleEndSql(config))}`;
}
