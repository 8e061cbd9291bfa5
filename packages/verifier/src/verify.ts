import { decide } from './decide.js';
import type { KeySet, VerificationKey } from './key-set.js';
import type { RevocationIndex } from './revocation-index.js';
import { checkClaims, checkTimes, type AccessTokenClaims, type ExpectedClaims } from './token-claims.js';
import { checkHeader } from './token-header.js';
import { verifySignature } from './token-signature.js';
import { VerificationError, type VerificationErrorCode } from './verification-error.js';

export interface VerifiedToken {
  readonly kid: string;
  readonly key: VerificationKey;
  readonly claims: AccessTokenClaims;
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
  const { kid, key } = checkHeader(token, context.keys);
  verifySignature(token, key);
  const verified = { kid, key, claims: checkClaims(token, context) };
  const refusal = decide(verified, context.index);
  if (refusal !== null) throw new VerificationError(refusal, 'revoked');
  return verified;
}

/**
 * What can have changed since `verify` accepted a token: its time, its key, its revocation. Returns the code that
 * `verify` would throw now, or null. For each use of a cached verification; takes under a microsecond and allocates
 * nothing. A key that was replaced is another object, so nothing verified with the old one outlives it.
 */
export function recheck(verified: VerifiedToken, context: RecheckContext): VerificationErrorCode | null {
  if (context.keys.get(verified.kid) !== verified.key) return 'token_invalid';
  return checkTimes(verified.claims, context.now) ?? decide(verified, context.index);
}
