import { Injectable } from '@nestjs/common';
import { justified, type Act } from '../audit/act.js';
import { AppError } from '../common/errors/app-error.js';
import type { Transaction } from '../database/database.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { SessionEndings } from './session-endings.js';
import { SessionSignals } from './session-signals.js';
import type { SessionView } from './session-view.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

/** As the person is told why a session ended. */
const REASON = 'ended_by_operator';

/** What operators do to somebody's devices. Throws as `AccountAdministrationService` does. */
@Injectable()
export class SessionAdministrationService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly accounts: AccountAdministrationService,
    private readonly endings: SessionEndings,
    private readonly revocations: RevocationsService,
    private readonly devices: SessionsService,
    private readonly signals: SessionSignals,
  ) {}

  /** Live sessions, the one used last first: SESSIONS_PER_USER at most. None of them is `current`. */
  async listOf(userId: string): Promise<SessionView[]> {
    const { items } = await this.list(userId, { limit: Infinity });
    return items;
  }

  /** The same, a page at a time. `current`: the id of the asking session, should it be one of them. */
  async list(
    userId: string,
    page: { limit: number; cursor?: string | undefined },
    current = '',
  ): Promise<{ items: SessionView[]; nextCursor?: string }> {
    await this.accounts.get({ userId });
    return this.devices.list(userId, current, page);
  }

  /** Whoever's it is; with `userId`, `not_found` when it is somebody else's. `conflict` when it has ended. Its person. */
  async end(sessionId: string, given: Act, userId: string | null = null): Promise<string> {
    const act = justified(given);
    const person = await this.revocations.commit(async (tx) => {
      const ended = await this.sessions.endLive(tx, sessionId, userId, REASON);
      if (!ended) throw await this.notLive(tx, sessionId, userId);
      return { result: ended.userId, revocations: await this.endings.followAct(tx, ended, REASON, act) };
    });
    this.signals.devicesChanged(person);
    return person;
  }

  /** All of them at once, whatever their number; access tokens already issued are outdated. */
  endAll(userId: string, act: Act): Promise<void> {
    return this.accounts.signOutEverywhere(userId, act);
  }

  /** Why a session is over; null while it is alive, `unknown` when there is none of this id. */
  endReasonOf(sessionId: string): Promise<string | null> {
    return this.sessions.findEndReason(null, sessionId);
  }

  private async notLive(tx: Transaction, sessionId: string, userId: string | null): Promise<AppError> {
    const reason = await this.sessions.findEndReason(userId, sessionId, tx);
    if (reason === 'unknown')
      return new AppError('not_found', { detail: 'There is no such session, or none any more.' });
    return new AppError('conflict', { detail: `The session has ended already: ${reason}.` });
  }
}
