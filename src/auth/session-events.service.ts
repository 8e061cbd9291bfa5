import { Injectable, Logger, type BeforeApplicationShutdown, type MessageEvent } from '@nestjs/common';
import { filter, interval, map, merge, Observable, of, Subject, takeUntil, type Subscriber } from 'rxjs';
import { errorEntry, type ErrorCode } from '../common/errors/error-catalogue.js';
import type { Principal } from '../common/principal.js';
import { SessionSignals, type SessionSignal } from '../sessions/session-signals.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { LiveTokens } from '../tokens/live-tokens.js';

/** Milliseconds between two comments that keep proxies from closing a silent stream. */
const HEARTBEAT_MS = 15_000;

const heartbeat: MessageEvent = { comment: '' };

/** What an open page is told of its session: the end of it above all, and at once. */
@Injectable()
export class SessionEventsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SessionEventsService.name);
  private readonly stopping = new Subject<void>();

  constructor(
    private readonly liveTokens: LiveTokens,
    private readonly signals: SessionSignals,
    private readonly sessions: SessionsService,
  ) {}

  beforeApplicationShutdown(): void {
    this.stopping.next();
  }

  /**
   * Ends with the session, with an outdated token, or with this instance. Throws `too_many_requests` when the session has
   * as many connections open as it may have.
   */
  stream(principal: Principal, token: string): Observable<MessageEvent> {
    this.liveTokens.assertRoom(principal.sessionId);
    const news = merge(
      of<MessageEvent>({ type: 'ready', data: {} }),
      this.signals.signals.pipe(
        filter((signal) => concerns(signal, principal)),
        map(toMessage),
      ),
      interval(HEARTBEAT_MS).pipe(map(() => heartbeat)),
    ).pipe(takeUntil(this.stopping));

    return new Observable((subscriber) => {
      const { userId, sessionId } = principal;
      const stopWatching = this.liveTokens.watch(
        token,
        (code) => void this.end(principal, code, subscriber),
        // A page that nobody touches gets no new token, and is to learn of the end of its session all the same.
        async () => (await this.sessions.findEndReason(userId, sessionId)) === null,
      );
      const subscription = news.subscribe(subscriber);
      return () => {
        stopWatching();
        subscription.unsubscribe();
      };
    });
  }

  private async end(principal: Principal, code: ErrorCode, subscriber: Subscriber<MessageEvent>): Promise<void> {
    try {
      const message = await this.lastWord(principal, code);
      if (message) subscriber.next(message);
    } catch (error) {
      this.logger.error({ message: 'Why a session ended could not be read; its stream just closes.', error });
    } finally {
      subscriber.complete();
    }
  }

  /** Null when the stream just closes: the page comes back with a new token. */
  private async lastWord({ userId, sessionId }: Principal, code: ErrorCode): Promise<MessageEvent | null> {
    if (code === 'token_expired') return null;
    const reason = await this.sessions.findEndReason(userId, sessionId);
    const canRefresh = errorEntry(code).action === 'refresh';
    if (canRefresh && reason === null) return { type: 'outdated', data: {} };
    // An outdated token of a session that has ended: what a refresh would say.
    return { type: 'ended', data: { code: canRefresh ? 'session_ended' : code, reason: reason ?? 'unknown' } };
  }
}

function concerns(signal: SessionSignal, { userId, sessionId }: Principal): boolean {
  return signal.userId === userId && (signal.type !== 'renewed' || signal.sessionId === sessionId);
}

function toMessage(signal: SessionSignal): MessageEvent {
  if (signal.type === 'devices_changed') return { type: signal.type, data: {} };
  const { type, expiresAt, idleExpiresAt } = signal;
  return { type, data: { expiresAt, idleExpiresAt } };
}
