export { decide, type RevocableToken } from './decide.js';
export { KeySet, type JsonWebKeySet, type SigningAlgorithm, type VerificationKey } from './key-set.js';
export { concerns, type RevocationEntry, type RevocationKind, type RevocationState } from './revocation-entry.js';
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
export { VerificationError, type Refusal, type VerificationErrorCode } from './verification-error.js';
export { VerifiedTokenCache } from './verified-token-cache.js';
export { recheck, VerifiedToken, verify, type RecheckContext, type VerifyContext } from './verify.js';
