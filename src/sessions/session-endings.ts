import { Injectable } from '@nestjs/common';
import type { Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import type { RequestSource } from '../common/request-source.js';
import type { Transaction } from '../database/database.js';
import type { RevocationDraft } from '../revocation/revocation-draft.js';
import { AccountEvents } from '../users/account-events.js';
import { describeDevice } from './device.js';
import type { EndedSession } from './session-ends.repository.js';

/** An end of a session: who did it and why, and `reason`, which the person is told. */
export interface Ending {
  session: EndedSession;
  reason: string;
  act: Act;
}

/** What follows the end of a session in its transaction, whoever ended it. */
@Injectable()
export class SessionEndings {
  constructor(
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
  ) {}

  /** Whether modules do something of their own in each such transaction. */
  get areHeard(): boolean {
    return this.events.isHeard('sessionEnded');
  }

  /** Ended by their person or, without a `source`, by the service. The log rows that tell every instance. */
  follow(
    tx: Transaction,
    sessions: EndedSession[],
    reason: string,
    source: RequestSource | null,
  ): Promise<RevocationDraft[]> {
    return this.followAll(
      tx,
      sessions.map((session) => toEnding(session, reason, source)),
    );
  }

  /** Ended by an operator, whose reason the audit keeps; `reason` is what the person is told. */
  followAct(tx: Transaction, session: EndedSession, reason: string, act: Act): Promise<RevocationDraft[]> {
    return this.followAll(tx, [{ session, reason, act }]);
  }

  /** The log rows, one for each, in their order. */
  async followAll(tx: Transaction, endings: Ending[]): Promise<RevocationDraft[]> {
    for (const { session, reason } of endings) {
      const { id: sessionId, userId } = session;
      await this.events.emit(tx, 'sessionEnded', { userId, sessionId, reason });
    }
    await this.audit.recordAll(
      tx,
      endings.map(({ session: { id: sessionId, userId, applicationId, name, device }, act }) => ({
        type: 'session.ended',
        userId,
        actor: act.actor,
        sessionId,
        applicationId,
        source: act.source ?? null,
        reason: act.reason,
        details: { device: name ?? describeDevice(device) },
      })),
    );
    return endings.map(({ session: { id: subject, applicationId }, act: { reason, actor } }) => ({
      kind: 'session',
      subject,
      applicationId,
      reason,
      actor,
    }));
  }
}

/** Without an `actor` it was the session's person; whatever has no source, the service does by itself. */
export function toEnding(
  session: EndedSession,
  reason: string,
  source: RequestSource | null,
  actor = source ? `user:${session.userId}` : 'system',
): Ending {
  return { session, reason, act: { actor, reason, source } };
}
