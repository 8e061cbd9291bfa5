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
  /**
   * The revisions of the keys and of the index by which `recheck` last cleared it; 0 when it has not yet. Only
   * `recheck` writes them.
   */
  clearedByKeys: number;
  clearedByIndex: number;
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
  const claims = checkClaims(token, context);
  const verified = { kid, key, claims, clearedByKeys: 0, clearedByIndex: 0 };
  const refusal = decide(verified, context.index);
  if (refusal !== null) throw new VerificationError(refusal, 'revoked');
  return verified;
}

/**
 * What can have changed since `verify` accepted a token: its time, its key, its revocation. Returns the code that
 * `verify` would throw now, or null. For each use of a cached verification; takes under a microsecond and allocates
 * nothing. A key that was replaced is another object, so nothing verified with the old one outlives it.
 *
 * What was cleared by these very keys and this very index is not looked up again, which spares it the memory of a long
 * deny-list: until the next revocation only its time is checked.
 */
export function recheck(verified: VerifiedToken, context: RecheckContext): VerificationErrorCode | null {
  const { keys, index } = context;
  const cleared = verified.clearedByIndex === index.revision && verified.clearedByKeys === keys.revision;
  if (!cleared && keys.get(verified.kid) !== verified.key) return 'token_invalid';
  const refusal = checkTimes(verified.claims, context.now);
  return cleared || refusal !== null ? refusal : clear(verified, context);
}

function clear(verified: VerifiedToken, { keys, index }: RecheckContext): VerificationErrorCode | null {
  const refusal = decide(verified, index);
  if (refusal === null) {
    verified.clearedByKeys = keys.revision;
    verified.clearedByIndex = index.revision;
  }
  return refusal;
}
