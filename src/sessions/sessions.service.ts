import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { LastActivityService } from './last-activity.service.js';
import { SessionEndings } from './session-endings.js';
import { SessionEndsService } from './session-ends.service.js';
import { SessionSignals } from './session-signals.js';
import { byUse, decodeCursor, encodeCursor, toSessionView, type SessionView } from './session-view.js';
import { SessionsRepository } from './sessions.repository.js';

const ENDED_BY_USER = 'ended_by_user';

/** A person's devices: seeing, naming and ending them. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly sessions: SessionsRepository,
    private readonly activity: LastActivityService,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly ends: SessionEndsService,
    private readonly endings: SessionEndings,
    private readonly signals: SessionSignals,
  ) {}

  /** Live sessions, the one used last first. `current`: the id of the asking session, which is marked. */
  async list(
    userId: string,
    current: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ items: SessionView[]; nextCursor?: string }> {
    const after = page.cursor === undefined ? null : decodeCursor(page.cursor);
    // All of them, SESSIONS_PER_USER at most: what is not written yet is shown, so it counts for the order, page by page.
    const rows = await this.sessions.listLive(userId);
    const rest = rows
      .map((row) => toSessionView(row, current, this.activity.latest(row.id, row.last_active_at)))
      .filter((view) => after === null || byUse(after, view) < 0)
      .toSorted(byUse);
    const items = rest.slice(0, page.limit);
    const last = items.at(-1);
    return last && rest.length > items.length ? { items, nextCursor: encodeCursor(last) } : { items };
  }

  /** Throws `session_ended` when it has ended since its access token was issued. */
  async getCurrent(userId: string, sessionId: string): Promise<SessionView> {
    const row = await this.sessions.findLive(userId, sessionId);
    if (!row) throw new AppError('session_ended');
    return toSessionView(row, sessionId, this.activity.latest(row.id, row.last_active_at));
  }

  /** Why a session ended, such as `ended_by_user`; null while it is alive. */
  findEndReason(userId: string, sessionId: string): Promise<string | null> {
    return this.sessions.findEndReason(userId, sessionId);
  }

  /** Throws `not_found` for a session that is not this person's, or has ended. */
  async rename(
    userId: string,
    sessionId: string,
    name: string,
    current: string,
    source: RequestSource,
  ): Promise<SessionView> {
    const view = await this.database.transaction(async (tx) => {
      const row = await this.sessions.rename(tx, userId, sessionId, name);
      if (!row) throw noSuchDevice();
      const actor = `user:${userId}`;
      await this.audit.record(tx, { type: 'session.renamed', userId, actor, sessionId, source, details: { name } });
      return toSessionView(row, current, this.activity.latest(row.id, row.last_active_at));
    });
    this.signals.devicesChanged(userId);
    return view;
  }

  /** Throws `not_found` for a session that is not this person's, or has ended. */
  async end(userId: string, sessionId: string, source: RequestSource): Promise<void> {
    const ended = await this.ends.end({ userId, sessionId, reason: ENDED_BY_USER, source });
    if (!ended) throw noSuchDevice();
    this.signals.devicesChanged(userId);
  }

  /** Ends all of this person's sessions but one. */
  async endOthers(userId: string, kept: string, source: RequestSource): Promise<void> {
    await this.revocations.commit(async (tx) => {
      const ended = await this.sessions.endOthers(tx, userId, kept, ENDED_BY_USER);
      return { result: undefined, revocations: await this.endings.follow(tx, ended, ENDED_BY_USER, source) };
    });
    this.signals.devicesChanged(userId);
    // Those that ended elsewhere meanwhile are among those that this answer is about.
    await this.revocations.confirm();
  }

  /**
   * Signs one device out. A session that has ended already stays ended: signing out twice is no fault. `actor`: who asks
   * for it, as in `Act`, if not its person.
   */
  async signOut(
    by: { userId: string; sessionId: string } | { sessionId: string; secretHash: Buffer },
    source: RequestSource,
    actor?: string,
  ): Promise<void> {
    const ended = await this.ends.end({ ...by, reason: 'signed_out', source, actor });
    if (ended) this.signals.devicesChanged(ended.userId);
    // Another instance may have ended it a moment ago; the answer is that this one refuses it.
    else await this.confirmEnd(by.sessionId);
  }

  /** Ends the devices longest unused past SESSIONS_PER_USER. Called after every sign-in, once `newest` is committed. */
  async endSurplus(userId: string, newest: string): Promise<void> {
    const max = this.config.sessionsPerUser;
    if ((await this.sessions.countLive(userId)) <= max) return;
    const live = await this.sessions.listLive(userId);
    await this.activity.writeNow(live.map(({ id }) => id));
    const reason = 'too_many_sessions';
    await this.revocations.commit(async (tx) => {
      const ended = await this.sessions.endSurplus(tx, userId, newest, max, reason);
      return { result: undefined, revocations: await this.endings.follow(tx, ended, reason, null) };
    });
  }

  /**
   * Also of a session that the database knows nothing of, for it went back to a state from before the sign-in: its access
   * tokens are out there all the same.
   */
  private async confirmEnd(sessionId: string): Promise<void> {
    await this.revocations.confirm();
    if (this.revocations.deniesSession(sessionId) || (await this.sessions.exists(sessionId))) return;
    const revocation = { kind: 'session', subject: sessionId, reason: 'signed_out', actor: 'system' } as const;
    await this.revocations.commit(async () => ({ result: undefined, revocations: [revocation] }));
  }
}

function noSuchDevice(): AppError {
  return new AppError('not_found', { detail: 'You have no such device, or it has been signed out already.' });
}
