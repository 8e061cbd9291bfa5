import { verify as verifyBytes } from 'node:crypto';
import { decodeSegment, splitToken } from './compact-jws.js';
import type { VerificationKey } from './key-set.js';
import { VerificationError } from './verification-error.js';

/** Throws a VerificationError (`token_invalid`) unless the key signed the token. Run `checkHeader` first. */
export function verifySignature(token: string, { key }: VerificationKey): void {
  const { signingInput, signature } = splitToken(token);
  // JWS has the two halves of an ECDSA signature side by side, not in DER (RFC 7518 §3.4); RSA ignores the option.
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  const genuine = verifyBytes('sha256', Buffer.from(signingInput, 'latin1'), options, decodeSegment(signature));
  if (!genuine) throw new VerificationError('token_invalid', 'bad signature');
}
