export {
  createVerifier,
  Verifier,
  type RefusedRequest,
  type VerifierOptions,
  type VerifierStatus,
} from './create-verifier.js';
export { decide, type RevocableToken } from './decide.js';
export { FeedError, type FeedErrorCode } from './follower/feed-error.js';
export type { Clock } from './follower/freshness.js';
export type { Credentials } from './follower/service-request.js';
export { KeySet, type JsonWebKeySet, type SigningAlgorithm, type VerificationKey } from './key-set.js';
export type { Principal } from './principal.js';
export { concerns, type RevocationEntry, type RevocationKind, type RevocationState } from './revocation-entry.js';
export { RefusalWatch, type RefusalWatchOptions, type Renewal } from './refusal-watch.js';
export { RevocationIndex } from './revocation-index.js';
export {
  CLOCK_LEEWAY,
  MAX_TOKEN_LIFE,
  checkClaims,
  type AccessTokenClaims,
  type ExpectedClaims,
} from './token-claims.js';
export { checkHeader, UNKNOWN_KID } from './token-header.js';
export { verifySignature } from './token-signature.js';
export {
  VerificationError,
  type Refusal,
  type TokenRefusal,
  type VerificationErrorCode,
} from './verification-error.js';
export { VerifiedTokenCache } from './verified-token-cache.js';
export { recheck, VerifiedToken, verify, verifyIssued, type RecheckContext, type VerifyContext } from './verify.js';
