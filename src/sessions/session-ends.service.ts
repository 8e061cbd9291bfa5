import { Injectable } from '@nestjs/common';
import type { RequestSource } from '../common/request-source.js';
import type { Transaction } from '../database/database.js';
import { RevocationsService, type Change } from '../revocation/revocations.service.js';
import { SessionEndings, toEnding, type Ending } from './session-endings.js';
import { SessionEndsRepository, type EndedSession, type NamedSession } from './session-ends.repository.js';

/**
 * `source`: the request by which it is ended; null when the service does it. `actor`: who sent it, as in `Act`, if not
 * the session's person.
 */
export type SessionEnd = NamedSession & { source: RequestSource | null; actor?: string | undefined };

/** The one thing that many people do at once that must be on disk before they are answered: signing out. */
@Injectable()
export class SessionEndsService {
  private readonly endInGroup: (end: SessionEnd) => Promise<EndedSession | null>;

  constructor(
    private readonly sessions: SessionEndsRepository,
    private readonly endings: SessionEndings,
    private readonly revocations: RevocationsService,
  ) {
    this.endInGroup = revocations.inGroups<SessionEnd, EndedSession | null>({
      keyOf: ({ sessionId }) => sessionId,
      together: (tx, ends) => this.endTogether(tx, ends),
      alone: (tx, end) => this.endAlone(tx, end),
    });
  }

  /**
   * Ends one session and resolves once that is committed, together with the ends that others asked for meanwhile. Null
   * when there is no such session, or it has ended already.
   */
  end(end: SessionEnd): Promise<EndedSession | null> {
    // What a module does for one of them may fail, or wait for rows in an order of its own: each has its transaction.
    if (this.endings.areHeard) return this.revocations.commit((tx) => this.endAlone(tx, end));
    return this.endInGroup(end);
  }

  private async endTogether(tx: Transaction, ends: SessionEnd[]): Promise<(Change<EndedSession> | null)[]> {
    const ended = [...(await this.sessions.endUnlocked(tx, ends))];
    const drafts = await this.endings.followAll(
      tx,
      ended.map(([place, session]) => endingOf(session, ends[place]!)),
    );
    const changes = new Map<number, Change<EndedSession>>(
      ended.map(([place, result], index) => [place, { result, revocations: [drafts[index]!] }]),
    );
    return ends.map((_, place) => changes.get(place) ?? null);
  }

  private async endAlone(tx: Transaction, end: SessionEnd): Promise<Change<EndedSession | null>> {
    const result = await this.sessions.end(tx, end);
    const revocations = result ? await this.endings.followAll(tx, [endingOf(result, end)]) : [];
    return { result, revocations };
  }
}

function endingOf(session: EndedSession, { reason, source, actor }: SessionEnd): Ending {
  return toEnding(session, reason, source, actor);
}
