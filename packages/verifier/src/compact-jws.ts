import { VerificationError } from './verification-error.js';

/** Longer than any token we issue, short enough to parse for anyone who asks. Headers end at 16 KiB in Node anyway. */
const MAX_TOKEN_LENGTH = 8192;

export interface CompactJws {
  header: string;
  payload: string;
  signature: string;
  /** Header and payload as they were signed (RFC 7515 §5.1). */
  signingInput: string;
}

/** The three segments of a JWS in compact serialization (RFC 7515 §7.1), still encoded. */
export function splitToken(token: string): CompactJws {
  if (token.length > MAX_TOKEN_LENGTH) throw new VerificationError('token_invalid', 'too long');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const isWhole = first > 0 && second > first + 1 && second < token.length - 1 && !token.includes('.', second + 1);
  if (!isWhole) throw new VerificationError('token_invalid', 'not three segments');
  return {
    header: token.slice(0, first),
    payload: token.slice(first + 1, second),
    signature: token.slice(second + 1),
    signingInput: token.slice(0, second),
  };
}

/**
 * Decodes base64url (RFC 7515 §2). Node skips what it cannot read and ignores spare bits, so the text must equal what
 * its bytes encode to: that leaves no other alphabet, padding, white space or second spelling of the same bytes.
 */
export function decodeSegment(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw new VerificationError('token_invalid', 'not base64url');
  return bytes;
}

/**
 * The JSON object in a segment. The text must be what JSON.stringify writes for what JSON.parse read, as it is in every
 * token of our issuer. That is the cheapest sound way to refuse duplicate member names, which parsers disagree on
 * (RFC 7519 §4): parsing keeps one of them, so the text written back is shorter. White space, odd escapes, numbers
 * beyond a double and broken UTF-8 go the same way.
 */
export function parseSegment(segment: string): Record<string, unknown> {
  const { value, rewritten } = readJson(decodeSegment(segment).toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VerificationError('token_invalid', 'not a JSON object');
  }
  if (Buffer.from(rewritten).toString('base64url') !== segment) {
    throw new VerificationError('token_invalid', 'not JSON as we write it');
  }
  return value as Record<string, unknown>;
}

/** Both halves can throw: on what is not JSON, and on what is nested deeper than the stack. */
function readJson(text: string): { value: unknown; rewritten: string } {
  try {
    const value: unknown = JSON.parse(text);
    return { value, rewritten: JSON.stringify(value) };
  } catch {
    throw new VerificationError('token_invalid', 'not JSON');
  }
}
