import { z } from 'zod';

/** AES-256 and HMAC-SHA-256 both take 32 bytes. */
const KEY_BYTES = 32;

/** 32 random bytes have about 30 different values; fewer than 20 happens once in 10^10 keys, and then another is soon made. */
const FEWEST_DIFFERENT_BYTES = 20;

export const HOW_TO_MAKE_A_KEY = 'Make one with: openssl rand -base64 32';

const base64Pattern = /^[A-Za-z0-9+/_-]{43}=?$/;
const keyIdPattern = /^[A-Za-z0-9_-]{1,16}$/;

/** A named key for the MAC of refresh tokens: the first of the list signs, all of them verify. */
export interface RefreshTokenKey {
  id: string;
  key: Buffer;
}

/** 32 bytes in base64 or base64url. */
export function secretKey() {
  return z.string().transform((text, context): Buffer => {
    const key = parseKey(text);
    if (key) return key;
    context.addIssue({ code: 'custom', message: `must be 32 bytes in base64. ${HOW_TO_MAKE_A_KEY}` });
    return z.NEVER;
  });
}

/** `id:base64` of 32 bytes each, separated by commas or white space. */
export function refreshTokenKeys() {
  return z.string().transform((text, context): RefreshTokenKey[] => {
    const keys = text
      .split(/[\s,]+/)
      .filter((item) => item !== '')
      .map(parseNamedKey);
    const complete = keys.filter((item) => item !== undefined);
    const problem = complete.length < keys.length || keys.length === 0 ? MALFORMED : findRepetition(complete);
    if (problem === undefined) return complete;
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });
}

/** Why a key is no secret, or undefined when nothing speaks against it. Completes the sentence "the key ...". */
export function findWeakness(key: Buffer): string | undefined {
  if (new Set(key).size < FEWEST_DIFFERENT_BYTES) return 'repeats few bytes, so it is not random';
  if (key.every((byte) => byte >= 0x20 && byte <= 0x7e)) return 'is readable text, so it can be guessed';
  const step = byteDistance(key, 1);
  if (key.subarray(1).every((_, index) => byteDistance(key, index + 1) === step)) return 'is a plain sequence of bytes';
  return undefined;
}

const MALFORMED =
  'must be a list of id:key separated by commas, each key 32 bytes in base64, each id up to 16 letters, digits, ' +
  `_ or -, such as 2025a:<key>. ${HOW_TO_MAKE_A_KEY}`;

function parseKey(text: string): Buffer | undefined {
  if (!base64Pattern.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

function parseNamedKey(text: string): RefreshTokenKey | undefined {
  const [id = '', encoded = '', ...rest] = text.split(':');
  const key = parseKey(encoded);
  return key && rest.length === 0 && keyIdPattern.test(id) ? { id, key } : undefined;
}

function findRepetition(keys: RefreshTokenKey[]): string | undefined {
  if (new Set(keys.map(({ id }) => id)).size < keys.length) return 'uses an id twice. Give each key its own id.';
  if (new Set(keys.map(({ key }) => key.toString('hex'))).size === keys.length) return undefined;
  return `holds the same key twice. ${HOW_TO_MAKE_A_KEY}`;
}

function byteDistance(key: Buffer, index: number): number {
  return (key[index]! - key[index - 1]! + 256) % 256;
}
