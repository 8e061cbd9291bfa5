import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { RevocationEntry } from '@portcullis/verifier';
import { AppError } from '../common/errors/app-error.js';
import type { ErrorCode } from '../common/errors/error-catalogue.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { AccessTokenVerification } from './access-token-verification.js';

/** How often the tokens of open connections are looked at for expiry, in milliseconds. */
const EXPIRY_CHECK_MS = 1_000;

interface Watch {
  token: string;
  subjects: string[];
  onRefused: (code: ErrorCode) => void;
}

/**
 * The tokens that hold a connection open (an event stream, a WebSocket). A request is checked when it comes in; what
 * stays open is checked whenever something about its token is revoked, and each second for the token's end.
 */
@Injectable()
export class LiveTokens implements OnModuleInit, OnModuleDestroy {
  private readonly watches = new Set<Watch>();
  private readonly bySubject = new Map<string, Set<Watch>>();
  private unsubscribe: (() => void) | undefined;

  constructor(
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
   * Calls `onRefused` once, with the code that a request would get, as soon as the token is no longer accepted.
   * Returns what ends the watch. Throws the refusal of a token that is not accepted now.
   */
  watch(token: string, onRefused: (code: ErrorCode) => void): () => void {
    const { userId, sessionId, applicationId, tokenId } = this.verification.authenticate(token);
    const watch: Watch = { token, onRefused, subjects: [userId, sessionId, applicationId, tokenId] };
    this.watches.add(watch);
    for (const subject of watch.subjects) {
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
    const code = this.refusalOf(watch.token);
    if (code === null) return;
    this.forget(watch);
    watch.onRefused(code);
  }

  private refusalOf(token: string): ErrorCode | null {
    try {
      this.verification.authenticate(token);
      return null;
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
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
