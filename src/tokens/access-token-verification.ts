import { Injectable } from '@nestjs/common';
import {
  checkClaims,
  checkHeader,
  decide,
  recheck,
  UNKNOWN_KID,
  verifySignature,
  VerificationError,
  VerifiedToken,
  VerifiedTokenCache,
  type RecheckContext,
  type Refusal,
  type VerificationKey,
} from '@portcullis/verifier';
import { ApplicationsService } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import { Config } from '../config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { KeysService } from '../keys/keys.service.js';
import { RevocationSync } from '../revocation/revocation-sync.js';

/** A token whose header, signature and claims are right; whether it was taken back is asked at every request. */
export class AdmittedToken extends VerifiedToken {
  /** When its use was last noted, whole unix seconds. Only the guard writes it. */
  notedAt = 0;
}

/**
 * The steps of `verify` in `@portcullis/verifier`, laid open so that passport-jwt can do the signature step in between,
 * and the cache that spares a token seen before all but what can change: expiry, key removal, revocation.
 */
@Injectable()
export class AccessTokenVerification {
  private readonly seen = new VerifiedTokenCache<AdmittedToken>();
  /** One for all calls: a request that costs two microseconds should make no garbage. */
  private readonly context: RecheckContext;

  constructor(
    private readonly config: Config,
    private readonly clock: DatabaseClock,
    private readonly keys: KeysService,
    private readonly sync: RevocationSync,
    private readonly applications: ApplicationsService,
  ) {
    this.context = { keys: keys.verificationKeys, index: sync.index, now: 0 };
  }

  /**
   * What was verified of a token before; null when it was not, or not by the key that is there now. Throws the refusal
   * of one that was taken back or has expired since. `now`: by this machine's clock, unix ms.
   */
  recall(token: string, now?: number): AdmittedToken | null {
    const verified = this.seen.get(token);
    if (!verified) return null;
    this.context.index = this.sync.index;
    this.context.now = this.clock.seconds(now);
    const refusal = recheck(verified, this.context);
    // A key that went and came back is another object: what was verified by the old one is verified anew.
    if (refusal === 'token_invalid') return null;
    if (refusal) throw new AppError(refusal, { log: 'a token seen before' });
    return verified;
  }

  /** Who bears a token, seen before or not: for the one route that looks at a token outside the guard. */
  authenticate(token: string): AdmittedToken {
    const known = this.recall(token);
    if (known) return known;
    orRefuse(() => verifySignature(token, this.keyOf(token)));
    return this.accept(token);
  }

  /** Why a verified token is refused by now, whatever its age; null when nothing of it was revoked. */
  revocationOf(verified: VerifiedToken): Refusal | null {
    return decide(verified, this.sync.index);
  }

  /** The key for the signature step, by the header alone. Throws `token_invalid`. */
  keyOf(token: string): VerificationKey {
    return orRefuse(() => checkHeader(token, this.keys.verificationKeys).key);
  }

  /** As `keyOf`, but a key, or an application, that this instance has not heard of yet is looked for. */
  async findKey(token: string): Promise<VerificationKey> {
    const key = await this.learnKey(token);
    const applicationId = applicationNamedIn(token);
    if (applicationId !== null && !this.applications.find(applicationId)) await this.applications.learn();
    return key;
  }

  /** What follows the signature step: claims, then the decision. Throws the refusal. */
  accept(token: string): AdmittedToken {
    return orRefuse(() => {
      const { kid, key } = checkHeader(token, this.keys.verificationKeys);
      const claims = checkClaims(token, {
        issuer: this.config.publicUrl,
        audience: this.applications.audiences(),
        now: this.clock.seconds(),
      });
      const refusal = decide({ kid, claims }, this.sync.index);
      if (refusal) throw new VerificationError(refusal, 'decision');
      const admitted = new AdmittedToken(token, kid, key, claims);
      this.seen.set(admitted);
      return admitted;
    });
  }

  private async learnKey(token: string): Promise<VerificationKey> {
    try {
      return this.keyOf(token);
    } catch (error) {
      const kid = unknownKidOf(token, error);
      if (kid === null || !(await this.keys.learn(kid))) throw error;
      return this.keyOf(token);
    }
  }
}

/** Whoever wrote it: good for a look at whether there is such an application. */
function applicationNamedIn(token: string): string | null {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims?.client_id === 'string' ? claims.client_id : null;
  } catch {
    return null;
  }
}

function orRefuse<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof VerificationError) throw new AppError(error.code, { log: error.reason, cause: error });
    throw error;
  }
}

/** The kid of a token that was refused for nothing but that; null for any other refusal. */
function unknownKidOf(token: string, error: unknown): string | null {
  const cause = error instanceof AppError ? error.options.cause : null;
  if (!(cause instanceof VerificationError) || cause.reason !== UNKNOWN_KID) return null;
  const { kid } = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()) as { kid: unknown };
  return typeof kid === 'string' ? kid : null;
}
