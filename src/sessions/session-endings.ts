import { Injectable } from '@nestjs/common';
import type { Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import type { RequestSource } from '../common/request-source.js';
import type { Transaction } from '../database/database.js';
import type { RevocationDraft } from '../revocation/revocation-draft.js';
import { AccountEvents } from '../users/account-events.js';
import { describeDevice } from './device.js';
import type { EndedSession } from './sessions.repository.js';

/** What follows the end of a session in its transaction, whoever ended it. */
@Injectable()
export class SessionEndings {
  constructor(
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
  ) {}

  /** Ended by their person or, without a `source`, by the service. The log rows that tell every instance. */
  follow(
    tx: Transaction,
    sessions: EndedSession[],
    reason: string,
    source: RequestSource | null,
  ): Promise<RevocationDraft[]> {
    return this.followEach(tx, sessions, reason, (userId) => ({
      actor: source ? `user:${userId}` : 'system',
      reason,
      source,
    }));
  }

  /** Ended by an operator, whose reason the audit keeps; `reason` is what the person is told. */
  followAct(tx: Transaction, session: EndedSession, reason: string, act: Act): Promise<RevocationDraft[]> {
    return this.followEach(tx, [session], reason, () => act);
  }

  private async followEach(
    tx: Transaction,
    sessions: EndedSession[],
    told: string,
    actOn: (userId: string) => Act,
  ): Promise<RevocationDraft[]> {
    const drafts: RevocationDraft[] = [];
    for (const { id: sessionId, userId, applicationId, name, device } of sessions) {
      const { actor, reason, source = null } = actOn(userId);
      const details = { device: name ?? describeDevice(device) };
      await this.events.emit(tx, 'sessionEnded', { userId, sessionId, reason: told });
      await this.audit.record(tx, {
        type: 'session.ended',
        userId,
        actor,
        sessionId,
        applicationId,
        source,
        reason,
        details,
      });
      drafts.push({ kind: 'session', subject: sessionId, applicationId, reason, actor });
    }
    return drafts;
  }
}
