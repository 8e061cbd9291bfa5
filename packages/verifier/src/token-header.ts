import { decodeSegment, parseSegment, splitToken } from './compact-jws.js';
import type { KeySet, VerificationKey } from './key-set.js';
import { VerificationError } from './verification-error.js';

/**
 * Header parameters that would have us trust a key from the token, or read the rest of it in another way. Our issuer
 * writes none of them. We understand no critical extension, so `crit` alone refuses (RFC 7515 §4.1.11).
 */
const FORBIDDEN_PARAMETERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'];

/** The reason of a refusal that another look at the published keys may put right. */
export const UNKNOWN_KID = 'unknown kid';

/**
 * Everything that can be said of a token before any cryptography: its size, its form, its header. Returns the key that
 * its signature is to be verified with. Throws a VerificationError (`token_invalid`).
 */
export function checkHeader(token: string, keys: KeySet): { kid: string; key: VerificationKey } {
  const { header: segment, payload, signature } = splitToken(token);
  const header = parseSegment(segment);
  decodeSegment(payload);
  decodeSegment(signature);
  // Exact: no ID token, logout token or security event passes for an access token (RFC 9068 §4, RFC 8725 §3.11).
  if (header.typ !== 'at+jwt') throw new VerificationError('token_invalid', 'typ is not at+jwt');
  if (FORBIDDEN_PARAMETERS.some((name) => Object.hasOwn(header, name))) {
    throw new VerificationError('token_invalid', 'forbidden header parameter');
  }
  const key = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
  if (!key) throw new VerificationError('token_invalid', UNKNOWN_KID);
  // The key says which algorithm, not the token; so `none` and HMAC cannot be (RFC 8725 §3.1).
  if (header.alg !== key.alg) throw new VerificationError('token_invalid', 'alg is not the one of the key');
  return { kid: key.kid, key };
}
