import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RefusalWatch, type Renewal } from '@portcullis/verifier';
import { AppError } from '../common/errors/app-error.js';
import type { ErrorCode } from '../common/errors/error-catalogue.js';
import { DatabaseClock } from '../database/database-clock.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { AccessTokenVerification } from './access-token-verification.js';

/**
 * What one session may hold open at one instance. A window has one or two such connections, and this is more windows than
 * people have; each takes some 40 kB.
 */
const MOST_OF_SESSION = 40;

/** The tokens that hold a connection of this instance open (an event stream, a WebSocket, a long download). */
@Injectable()
export class LiveTokens implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(LiveTokens.name);
  private readonly watches: RefusalWatch;
  private unsubscribe: (() => void) | undefined;

  constructor(
    clock: DatabaseClock,
    private readonly verification: AccessTokenVerification,
    private readonly sync: RevocationSync,
  ) {
    this.watches = new RefusalWatch({
      refusalOf: (verified) => verification.revocationOf(verified),
      now: () => clock.seconds(),
      onError: (error) => this.logger.error({ message: 'An open connection had to be closed.', error }),
    });
  }

  onModuleInit(): void {
    this.unsubscribe = this.sync.subscribe((entries) => this.watches.reconsider(entries));
  }

  /** Not before: while requests are still answered, what is open is held to its token. */
  onApplicationShutdown(): void {
    this.unsubscribe?.();
    this.watches.close();
  }

  /** Before a connection is opened. Throws `too_many_requests` when the session has as many as it may have. */
  assertRoom(sessionId: string): void {
    if (this.watches.count(sessionId) < MOST_OF_SESSION) return;
    throw new AppError('too_many_requests', { detail: 'This session has too many connections open. Close some.' });
  }

  /** As `RefusalWatch.add`. Throws the refusal of a token that is not accepted now. */
  watch(token: string, onRefused: (code: ErrorCode) => void, renew: Renewal | null = null): () => void {
    return this.watches.add(this.verification.authenticate(token), onRefused, renew);
  }
}
