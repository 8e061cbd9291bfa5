import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { SessionGrant } from './session-grant.js';

/** What open pages of a person may want to show at once. */
export type SessionSignal =
  | { type: 'renewed'; userId: string; sessionId: string; expiresAt: string; idleExpiresAt: string }
  | { type: 'devices_changed'; userId: string };

/**
 * Tells the event streams of this instance what was committed here. A convenience and no more: what other instances did
 * reaches a page when it loads its list again, and what must not be missed (the end of a session) comes by the deny-list.
 */
@Injectable()
export class SessionSignals {
  private readonly subject = new Subject<SessionSignal>();
  readonly signals = this.subject.asObservable();

  /** This session's tokens were refreshed or re-issued: its ends moved. */
  renewed({ userId, sessionId, expiresAt, idleExpiresAt }: SessionGrant): void {
    this.subject.next({
      type: 'renewed',
      userId,
      sessionId,
      expiresAt: expiresAt.toISOString(),
      idleExpiresAt: idleExpiresAt.toISOString(),
    });
  }

  /** A device came, went or got another name. */
  devicesChanged(userId: string): void {
    this.subject.next({ type: 'devices_changed', userId });
  }
}
