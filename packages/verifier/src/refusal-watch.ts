import { CLOCK_LEEWAY } from './token-claims.js';
import type { RevocationEntry } from './revocation-entry.js';
import type { Refusal, TokenRefusal } from './verification-error.js';
import type { VerifiedToken } from './verify.js';

/** How often what stays open is looked at, whatever is told meanwhile: tokens run out. Milliseconds. */
const CHECK_MS = 1_000;

/** When a token runs out, and each further life of it: whether what it holds open may stay nevertheless. */
export type Renewal = () => Promise<boolean>;

export interface RefusalWatchOptions {
  /** Why a token is refused by now, whatever its age; null when nothing of it was revoked. */
  refusalOf: (verified: VerifiedToken) => Refusal | null;
  /** Unix seconds. */
  now: () => number;
  /** Told what a listener or a renewal threw: it keeps no other token from being looked at. */
  onError: (error: unknown) => void;
}

interface Watch {
  verified: VerifiedToken;
  subjects: string[];
  /** Unix seconds. */
  until: number;
  onRefused: (code: TokenRefusal) => void;
  renew: Renewal | null;
  renewing: boolean;
}

/**
 * The tokens of what stays open (an event stream, a WebSocket). A request is checked when it comes; these are looked at
 * when something about them is revoked, and do not outlive their time unless they are renewed.
 */
export class RefusalWatch {
  private readonly watches = new Set<Watch>();
  private readonly bySubject = new Map<string, Set<Watch>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RefusalWatchOptions) {}

  /**
   * Calls `onRefused` once, when the token is accepted no longer, with the code that a request would get. With `renew`,
   * a token that ran out is accepted here for another life of it each time that says yes; a no is the end of its session.
   * Returns what ends the watch.
   */
  add(verified: VerifiedToken, onRefused: (code: TokenRefusal) => void, renew: Renewal | null = null): () => void {
    const { sub, sid, client_id: application, jti, exp } = verified.claims;
    const subjects = [sub, sid, application, jti];
    const watch: Watch = { verified, subjects, until: exp + CLOCK_LEEWAY, onRefused, renew, renewing: false };
    this.watches.add(watch);
    for (const subject of subjects) {
      const group = this.bySubject.get(subject);
      if (group) group.add(watch);
      else this.bySubject.set(subject, new Set([watch]));
    }
    this.timer ??= setInterval(() => this.reconsider(null), CHECK_MS).unref();
    return () => this.forget(watch);
  }

  /** How many are watched of this subject: the id of a user, a session, an application or a token. */
  count(subject: string): number {
    return this.bySubject.get(subject)?.size ?? 0;
  }

  /** Looks at whatever these entries may concern; at everything when they are not known one by one. */
  reconsider(entries: RevocationEntry[] | null): void {
    // A key is in every token that it signed: those are few kinds of entries, so all are looked at.
    if (entries === null || entries.some(({ kind }) => kind === 'key')) return this.check(this.watches);
    for (const { subject } of entries) this.check(this.bySubject.get(subject) ?? []);
  }

  close(): void {
    for (const watch of this.watches) this.forget(watch);
  }

  private check(watches: Iterable<Watch>): void {
    for (const watch of watches) this.checkOne(watch);
  }

  private checkOne(watch: Watch): void {
    const revocation = this.options.refusalOf(watch.verified);
    if (revocation !== null) return this.refuse(watch, revocation);
    if (this.options.now() < watch.until || watch.renewing) return;
    if (watch.renew) void this.renew(watch, watch.renew);
    else this.refuse(watch, 'token_expired');
  }

  private async renew(watch: Watch, renew: Renewal): Promise<void> {
    watch.renewing = true;
    try {
      if (!(await renew())) return this.refuse(watch, 'session_ended');
      const { exp, iat } = watch.verified.claims;
      watch.until = this.options.now() + exp - iat;
    } catch (error) {
      this.options.onError(error);
      this.refuse(watch, 'token_expired');
    } finally {
      watch.renewing = false;
    }
  }

  private refuse(watch: Watch, code: TokenRefusal): void {
    if (!this.watches.has(watch)) return;
    this.forget(watch);
    try {
      watch.onRefused(code);
    } catch (error) {
      this.options.onError(error);
    }
  }

  private forget(watch: Watch): void {
    this.watches.delete(watch);
    for (const subject of watch.subjects) {
      const group = this.bySubject.get(subject);
      group?.delete(watch);
      if (group?.size === 0) this.bySubject.delete(subject);
    }
    if (this.watches.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
