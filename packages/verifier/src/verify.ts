import { decide } from './decide.js';
import { toPrincipal, type Principal } from './principal.js';
import type { KeySet, VerificationKey } from './key-set.js';
import type { RevocationIndex } from './revocation-index.js';
import { CLOCK_LEEWAY, checkClaims, checkTimes, type AccessTokenClaims, type ExpectedClaims } from './token-claims.js';
import { checkHeader } from './token-header.js';
import { verifySignature } from './token-signature.js';
import { VerificationError, type TokenRefusal } from './verification-error.js';

/** A token that passed every check once, and what `recheck` last found. One object, so that a request reads little. */
export class VerifiedToken {
  /**
   * By which revisions of the keys and the index, and between which times (whole unix seconds), `recheck` knows it to
   * pass. Only `recheck` writes them.
   */
  clearedByKeys = 0;
  clearedByIndex = 0;
  clearedFrom = 0;
  clearedUntil = 0;

  readonly token: string;
  readonly principal: Principal;

  constructor(
    token: string,
    readonly kid: string,
    readonly key: VerificationKey,
    readonly claims: AccessTokenClaims,
  ) {
    // A string of its own: a slice of a header is compared by way of the header, and would keep it.
    this.token = Buffer.from(token, 'latin1').toString('latin1');
    this.principal = toPrincipal(claims);
  }
}

export interface RecheckContext {
  keys: KeySet;
  index: RevocationIndex;
  /** Unix seconds. */
  now: number;
}

export type VerifyContext = RecheckContext & ExpectedClaims;

/** Every check of an access token, in order: header, signature, claims, revocation. Throws a VerificationError. */
export function verify(token: string, context: VerifyContext): VerifiedToken {
  const verified = verifyIssued(token, context);
  const refusal = decide(verified, context.index);
  if (refusal !== null) throw new VerificationError(refusal, 'revoked');
  return verified;
}

/** All of that but the last: whether it was issued, to us and for now. Not whether it was taken back since. */
export function verifyIssued(token: string, context: Omit<VerifyContext, 'index'>): VerifiedToken {
  const { kid, key } = checkHeader(token, context.keys);
  verifySignature(token, key);
  return new VerifiedToken(token, kid, key, checkClaims(token, context));
}

/**
 * What can have changed since `verify` accepted a token: its time, its key, its revocation. Returns the code that
 * `verify` would throw now, or null. For each use of a cached verification; takes under a microsecond and allocates
 * nothing. A key that was replaced is another object, so nothing verified with the old one outlives it.
 *
 * What it cleared once is cleared by these very keys and this very index until the token runs out, so it is not looked
 * up again: until the next revocation, neither the claims nor the deny-list are read.
 */
export function recheck(verified: VerifiedToken, context: RecheckContext): TokenRefusal | null {
  return isCleared(verified, context) ? null : recheckAnew(verified, context);
}

function isCleared(verified: VerifiedToken, { keys, index, now }: RecheckContext): boolean {
  return (
    verified.clearedByIndex === index.revision &&
    verified.clearedByKeys === keys.revision &&
    now >= verified.clearedFrom &&
    now < verified.clearedUntil
  );
}

function recheckAnew(verified: VerifiedToken, { keys, index, now }: RecheckContext): TokenRefusal | null {
  if (keys.get(verified.kid) !== verified.key) return 'token_invalid';
  const refusal = checkTimes(verified.claims, now) ?? decide(verified, index);
  if (refusal !== null) return refusal;
  verified.clearedByKeys = keys.revision;
  verified.clearedByIndex = index.revision;
  // Rounded inwards to whole seconds, which are the numbers that need no memory of their own.
  verified.clearedFrom = Math.ceil(now);
  verified.clearedUntil = Math.floor(verified.claims.exp + CLOCK_LEEWAY);
  return null;
}
