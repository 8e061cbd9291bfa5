import { CLOCK_LEEWAY } from './token-claims.js';
import type { RevocationEntry } from './revocation-entry.js';
import type { TokenRefusal } from './verification-error.js';
import type { VerifiedToken } from './verify.js';

/** How often what stays open is looked at for expiry, in milliseconds. */
const EXPIRY_CHECK_MS = 1_000;

interface Watch {
  verified: VerifiedToken;
  subjects: string[];
  onRefused: (code: TokenRefusal) => void;
}

/**
 * The tokens of what stays open (an event stream, a WebSocket). A request is checked when it comes; these are looked at
 * when something about them is revoked, and when they run out.
 */
export class RefusalWatch {
  private readonly watches = new Set<Watch>();
  private readonly bySubject = new Map<string, Set<Watch>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly refusalOf: (verified: VerifiedToken) => TokenRefusal | null,
    /** Unix seconds. */
    private readonly now: () => number,
  ) {}

  /** Calls `onRefused` once, when the token is accepted no longer. Returns what ends the watch. */
  add(verified: VerifiedToken, onRefused: (code: TokenRefusal) => void): () => void {
    const { sub, sid, client_id: application, jti } = verified.claims;
    const watch: Watch = { verified, subjects: [sub, sid, application, jti], onRefused };
    this.watches.add(watch);
    for (const subject of watch.subjects) {
      const group = this.bySubject.get(subject);
      if (group) group.add(watch);
      else this.bySubject.set(subject, new Set([watch]));
    }
    this.timer ??= setInterval(() => this.endExpired(), EXPIRY_CHECK_MS).unref();
    return () => this.forget(watch);
  }

  /** Looks at whatever these entries may concern; at everything when they are not known one by one. */
  reconsider(entries: RevocationEntry[] | null): void {
    // A key is in every token that it signed.
    if (entries === null || entries.some(({ kind }) => kind === 'key')) return this.check(this.watches);
    for (const { subject } of entries) this.check(this.bySubject.get(subject) ?? []);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.watches.clear();
    this.bySubject.clear();
  }

  private check(watches: Iterable<Watch>): void {
    for (const watch of watches) {
      const code = this.refusalOf(watch.verified);
      if (code !== null) this.refuse(watch, code);
    }
  }

  private endExpired(): void {
    const now = this.now();
    for (const watch of this.watches) {
      if (watch.verified.claims.exp + CLOCK_LEEWAY <= now) this.refuse(watch, 'token_expired');
    }
  }

  private refuse(watch: Watch, code: TokenRefusal): void {
    if (!this.watches.has(watch)) return;
    this.forget(watch);
    watch.onRefused(code);
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
