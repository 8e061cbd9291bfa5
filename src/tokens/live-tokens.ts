import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CLOCK_LEEWAY, type RevocationEntry } from '@portcullis/verifier';
import { Clock } from '../common/clock.js';
import type { ErrorCode } from '../common/errors/error-catalogue.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { AccessTokenVerification, type AdmittedToken } from './access-token-verification.js';

/** How often the tokens of open connections are looked at for expiry, in milliseconds. */
const EXPIRY_CHECK_MS = 1_000;

/** When a token runs out, and each further life of it: whether its connection may stay open nevertheless. */
export type Renewal = () => Promise<boolean>;

interface Watch {
  verified: AdmittedToken;
  subjects: string[];
  /** Seconds since 1970. */
  until: number;
  onRefused: (code: ErrorCode) => void;
  renew: Renewal | null;
  renewing: boolean;
}

/**
 * The tokens that hold a connection open (an event stream, a WebSocket). A request is checked when it comes in; what
 * stays open is checked whenever something about its token is revoked, and does not outlive it unless it is renewed.
 */
@Injectable()
export class LiveTokens implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(LiveTokens.name);
  private readonly watches = new Set<Watch>();
  private readonly bySubject = new Map<string, Set<Watch>>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly verification: AccessTokenVerification,
    private readonly sync: RevocationSync,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.sync.subscribe((entries) => this.reconsider(entries));
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  /**
   * Calls `onRefused` once, as soon as the token is no longer accepted, with the code that a request would get.
   * With `renew`, a token that ran out is accepted here for another life of it each time that says yes.
   * Returns what ends the watch. Throws the refusal of a token that is not accepted now.
   */
  watch(token: string, onRefused: (code: ErrorCode) => void, renew: Renewal | null = null): () => void {
    const verified = this.verification.authenticate(token);
    const { sub, sid, client_id, jti, exp } = verified.claims;
    const subjects = [sub, sid, client_id, jti];
    const watch: Watch = { verified, subjects, until: exp + CLOCK_LEEWAY, onRefused, renew, renewing: false };
    this.watches.add(watch);
    for (const subject of subjects) {
      const group = this.bySubject.get(subject);
      if (group) group.add(watch);
      else this.bySubject.set(subject, new Set([watch]));
    }
    return () => this.forget(watch);
  }

  @Interval(EXPIRY_CHECK_MS)
  checkAll(): void {
    for (const watch of this.watches) this.check(watch);
  }

  private reconsider(entries: RevocationEntry[]): void {
    for (const { kind, subject } of entries) {
      // A key is in every token it signed: those are few kinds of events, so all are looked at.
      if (kind === 'key') return this.checkAll();
      for (const watch of this.bySubject.get(subject) ?? []) this.check(watch);
    }
  }

  private check(watch: Watch): void {
    const revocation = this.verification.revocationOf(watch.verified);
    if (revocation) return this.refuse(watch, revocation);
    if (this.clock.seconds() <= watch.until || watch.renewing) return;
    if (watch.renew) void this.renew(watch, watch.renew);
    else this.refuse(watch, 'token_expired');
  }

  private async renew(watch: Watch, renew: Renewal): Promise<void> {
    watch.renewing = true;
    try {
      if (!(await renew())) return this.refuse(watch, 'session_ended');
      const { exp, iat } = watch.verified.claims;
      watch.until = this.clock.seconds() + exp - iat;
    } catch (error) {
      this.logger.error({ message: 'Whether an open connection may stay could not be read; it closes.', error });
      this.refuse(watch, 'token_expired');
    } finally {
      watch.renewing = false;
    }
  }

  private refuse(watch: Watch, code: ErrorCode): void {
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
  }
}
