import { randomInt } from 'node:crypto';

/** A UUID as four 32-bit words, followed by their hash. 32-bit integers are the numbers V8 never has to allocate. */
export type UuidKey = Int32Array;

export function createUuidKey(): UuidKey {
  return new Int32Array(5);
}

/**
 * Reads a canonical UUID (RFC 9562 §4: 36 characters, here lower case only) into `key`. Returns false, with `key`
 * spoilt, for any other string: two spellings of one UUID are two strings, as they are in a token's claims.
 */
export function readUuid(text: string, key: UuidKey): boolean {
  if (text.length !== 36 || !isHyphen(text, 8) || !isHyphen(text, 13) || !isHyphen(text, 18) || !isHyphen(text, 23)) {
    return false;
  }
  const a = readHex4(text, 0);
  const b = readHex4(text, 4);
  const c = readHex4(text, 9);
  const d = readHex4(text, 14);
  const e = readHex4(text, 19);
  const f = readHex4(text, 24);
  const g = readHex4(text, 28);
  const h = readHex4(text, 32);
  key[0] = (a << 16) | b;
  key[1] = (c << 16) | d;
  key[2] = (e << 16) | f;
  key[3] = (g << 16) | h;
  key[4] = hashWords(key, 0);
  return (a | b | c | d | e | f | g | h) >= 0;
}

/** The canonical text of the four words at `at`. */
export function formatUuid(words: Int32Array, at: number): string {
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
  const [a, b, c, d] = [hex(words[at]!), hex(words[at + 1]!), hex(words[at + 2]!), hex(words[at + 3]!)];
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}

/**
 * The hash of the four words at `at`, as a signed 32-bit integer. Each round mixes all bits (MurmurHash3's finaliser)
 * before the next word comes in, because UUIDs of version 7 share their first half within a second; the seed keeps
 * anyone outside this process from predicting which ones collide.
 */
export function hashWords(words: Int32Array, at: number): number {
  let hash = SEED;
  for (let i = at; i < at + 4; i++) {
    hash ^= words[i]!;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash;
}

const SEED = randomInt(2 ** 32) | 0;

/** The value of each lower-case hexadecimal digit by UTF-16 code unit; −1 for everything else. */
const DIGITS = new Int8Array(2 ** 16).fill(-1);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/** Four hexadecimal digits as a number, negative when one of them is not (−1 has every bit set, the sign included). */
function readHex4(text: string, at: number): number {
  return (
    (DIGITS[text.charCodeAt(at)]! << 12) |
    (DIGITS[text.charCodeAt(at + 1)]! << 8) |
    (DIGITS[text.charCodeAt(at + 2)]! << 4) |
    DIGITS[text.charCodeAt(at + 3)]!
  );
}

function isHyphen(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x2d;
}
