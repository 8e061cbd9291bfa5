import { FeedError } from './follower/feed-error.js';
import { formatCursor } from './follower/feed-messages.js';
import { RevocationFollower } from './follower/revocation-follower.js';
import { Introspection } from './introspection.js';
import { IssuerCheck } from './issuer-check.js';
import type { Principal } from './principal.js';
import type { RevocationEntry } from './revocation-entry.js';
import { RefusalWatch } from './refusal-watch.js';
import { RemoteKeys } from './remote-keys.js';
import { UNKNOWN_KID } from './token-header.js';
import { VerificationError, type TokenRefusal } from './verification-error.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import { readOptions, type RefusedRequest, type VerifierOptions, type VerifierSettings } from './verifier-options.js';
import { decide } from './decide.js';
import { recheck, verify, verifyIssued, type RecheckContext, type VerifiedToken } from './verify.js';

/** A secret that was just made may be news to the instance that was asked; so many refusals in a row are not. */
const CREDENTIALS_TRIES = 5;

export type { RefusedRequest, VerifierOptions } from './verifier-options.js';

/** What a verifier knows, for a health check. */
export interface VerifierStatus {
  /** Whether it can decide by itself now. */
  fresh: boolean;
  /** Seconds since its knowledge was confirmed; Infinity before the first time. */
  staleness: number;
  /** How many keys and how many revocations it knows. */
  keys: number;
  revocations: number;
  /** How far it has followed the log, as `<epoch>:<seq>`; null before it has loaded the list. */
  cursor: string | null;
  /** What went wrong last; null when nothing did since it was last confirmed. */
  error: unknown;
}

/** Starts to follow the service. Throws a TypeError for options that cannot be. */
export function createVerifier(options: VerifierOptions): Verifier {
  return new Verifier(readOptions(options));
}

/** Checks access tokens in process, by the keys and the revocations of the service, which it follows by itself. */
export class Verifier {
  /** As tokens name the service. */
  readonly issuer: string;
  private readonly seen: VerifiedTokenCache;
  private readonly follower: RevocationFollower;
  private readonly remote: RemoteKeys;
  private readonly introspection: Introspection | null;
  private readonly issuerCheck: IssuerCheck;
  private readonly watch: RefusalWatch;
  /** One for all calls: a check that costs a microsecond should make no garbage. */
  private readonly context: RecheckContext;
  private readonly waiting = new Set<() => void>();
  private error: unknown = null;
  /** How often in a row the service refused our credentials. */
  private refusals = 0;
  private closed = false;

  constructor(private readonly settings: VerifierSettings) {
    const { issuer, clock, fetch, feed, jwks, introspection, metadata } = settings;
    const { credentials, maxStaleness, refetchInterval } = settings;
    this.issuer = issuer;
    this.seen = new VerifiedTokenCache(settings.cacheSize);
    const onError = (error: unknown) => this.note(error);
    const onEntries = (entries: RevocationEntry[] | null) => this.watch.reconsider(entries);
    const onConfirmed = () => this.note(null);
    this.follower = new RevocationFollower({
      feed,
      credentials,
      maxStaleness,
      clock,
      fetch,
      onEntries,
      onConfirmed,
      onError,
    });
    const isWithdrawn = (kid: string) => this.follower.index.key.has(kid);
    const onLoaded = () => {
      this.wake();
      void this.issuerCheck.look();
    };
    this.remote = new RemoteKeys({ url: jwks, fetch, clock, refetchInterval, isWithdrawn, onLoaded, onError });
    const onLooked = () => this.wake();
    this.issuerCheck = new IssuerCheck({ metadata, issuer, feed, fetch, onLooked, onError: settings.onError });
    this.introspection = introspection && new Introspection(introspection, credentials, fetch, clock);
    this.context = { keys: this.remote.keys, index: this.follower.index, now: 0 };
    this.watch = new RefusalWatch({
      refusalOf: (verified) => decide(verified, this.follower.index),
      now: () => clock.now() / 1000,
      onError: (error) => settings.onError(error),
    });
    this.remote.start();
    void this.follower.run();
  }

  /**
   * Resolves once it has keys and knows what is revoked. Throws a FeedError when the service refuses the credentials, calls
   * itself something else than `issuer`, or takes longer than `within` seconds; it goes on trying all the same.
   */
  async ready(within = 30): Promise<void> {
    const { clock } = this.settings;
    const deadline = clock.monotonic() + within * 1000;
    while (!this.isReady() || !this.issuerCheck.looked) {
      if (this.closed) throw new FeedError('unreachable', 'the verifier was closed');
      if (this.refusals >= CREDENTIALS_TRIES) throw this.error;
      const left = deadline - clock.monotonic();
      if (left <= 0 && this.isReady()) return;
      if (left <= 0) throw new FeedError('unreachable', `not ready within ${within} s`, { cause: this.error });
      await this.news(left);
    }
    if (this.issuerCheck.mismatch) throw this.issuerCheck.mismatch;
  }

  /**
   * Who bears the token. Throws a VerificationError, whose `code` is what the service itself would answer:
   * `revocation_unavailable` when what is revoked is not known and the service cannot be asked.
   */
  async verify(token: string): Promise<Principal> {
    return this.check(token);
  }

  /**
   * As `verify`, with a promise only where the service has to be asked: for middleware, which so costs a token that was
   * seen before no turn of the event loop. Throws what `verify` rejects with.
   */
  check(token: string): Principal | Promise<Principal> {
    try {
      return this.checkKnown(token);
    } catch (error) {
      if (!hasUnknownKey(error)) throw error;
      return this.withNewKeys(token);
    }
  }

  /**
   * Calls `onRefused` once, as soon as this token is accepted no longer: because it was revoked, or ran out. For what an
   * application holds open: an event stream, a WebSocket. Returns what ends it. Throws a VerificationError for a token that is refused now.
   */
  onRevoked(token: string, onRefused: (code: TokenRefusal) => void): () => void {
    const verified = this.seen.get(token) ?? this.remember(verifyIssued(token, this.expected()));
    const refusal = recheck(verified, this.expected());
    if (refusal !== null) throw new VerificationError(refusal, reasonOf(refusal));
    return this.watch.add(verified, onRefused);
  }

  get status(): VerifierStatus {
    return {
      fresh: this.isReady(),
      staleness: this.follower.freshness.age / 1000,
      keys: this.remote.keys.size,
      revocations: this.follower.index.size,
      cursor: this.follower.cursor && formatCursor(this.follower.cursor),
      error: this.issuerCheck.mismatch ?? this.error,
    };
  }

  /** For adapters: tells `onRefused`, whatever becomes of it there. */
  tellRefused(error: VerificationError, request: RefusedRequest): void {
    this.settings.onRefused(error, request);
  }

  /** Ends every connection and timer; tokens are refused from now on. */
  close(): void {
    this.closed = true;
    this.follower.close();
    this.remote.close();
    this.watch.close();
    this.wake();
  }

  private checkKnown(token: string): Principal | Promise<Principal> {
    const now = this.settings.clock.now();
    if (!this.follower.freshness.isFresh(now)) return this.whenStale(token);
    const { context } = this;
    context.index = this.follower.index;
    context.now = now / 1000;
    const known = this.seen.get(token);
    if (known !== undefined) {
      const refusal = recheck(known, context);
      if (refusal === null) return known.principal;
      // A key that went and came back is another object: what was verified by the old one is verified anew.
      if (refusal !== 'token_invalid') throw new VerificationError(refusal, reasonOf(refusal));
    }
    return this.remember(verify(token, this.expected())).principal;
  }

  /** Once more, after a look at the keys that are published now. */
  private async withNewKeys(token: string): Promise<Principal> {
    if (await this.remote.refetch()) return this.checkKnown(token);
    throw new VerificationError('unavailable', 'a key that is not known, and no others are to be had');
  }

  /** What is wrong with the token itself is certain however old the knowledge is. The rest the service has to say. */
  private whenStale(token: string): Promise<Principal> {
    const { principal } = verifyIssued(token, this.expected());
    if (!this.introspection || this.closed) throw new VerificationError('revocation_unavailable', 'stale');
    return this.introspection.isActive(token).then(
      (active) => {
        // It does not say why. A refresh does.
        if (!active) throw new VerificationError('token_revoked', 'introspection');
        return principal;
      },
      (error: unknown) => {
        this.note(error);
        throw new VerificationError('revocation_unavailable', 'stale, and introspection failed');
      },
    );
  }

  private expected() {
    const { issuer, audience, clock } = this.settings;
    return { keys: this.remote.keys, index: this.follower.index, issuer, audience, now: clock.now() / 1000 };
  }

  private remember(verified: VerifiedToken): VerifiedToken {
    this.seen.set(verified);
    return verified;
  }

  private isReady(): boolean {
    return this.remote.keys.size > 0 && this.follower.freshness.isFresh();
  }

  private note(error: unknown): void {
    this.error = error;
    this.refusals = error instanceof FeedError && error.code === 'client_credentials_invalid' ? this.refusals + 1 : 0;
    if (error !== null) this.settings.onError(error);
    this.wake();
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
  }

  /** Resolves when something has changed, or after so many milliseconds. */
  private news(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.waiting.add(wake);
    });
  }
}

/** As `verify` says it of a token that was not seen before. */
function reasonOf(refusal: TokenRefusal): string {
  return refusal === 'token_expired' || refusal === 'token_invalid' ? 'outside its time' : 'revoked';
}

function hasUnknownKey(error: unknown): boolean {
  return error instanceof VerificationError && error.reason === UNKNOWN_KID;
}
