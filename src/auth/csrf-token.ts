import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { RefreshTokenKey } from '../config.js';

/** Of a key derived for this and nothing else (RFC 5869 §3.2): a CSRF token can be read by scripts, a refresh token not. */
const PURPOSE = 'portcullis csrf token';

/** In the order of REFRESH_TOKEN_KEYS: the first signs, all verify. */
export function deriveCsrfKeys(keys: readonly RefreshTokenKey[]): Buffer[] {
  return keys.map(({ key }) => Buffer.from(hkdfSync('sha256', key, '', PURPOSE, 32)));
}

/**
 * What a page of ours can read from its cookie and no other page can know: a MAC of the session's id, so that a cookie
 * planted by a sibling subdomain is worth nothing. Nothing is stored.
 */
export function csrfTokenOf(sessionId: string, keys: readonly Buffer[]): string {
  const [key] = keys;
  if (!key) throw new Error('REFRESH_TOKEN_KEYS is empty.');
  return macOf(sessionId, key);
}

/** Whether the text is the token of this session under any of the keys; compared in constant time. */
export function isCsrfToken(text: string, sessionId: string, keys: readonly Buffer[]): boolean {
  const given = Buffer.from(text);
  return keys.some((key) => {
    const expected = Buffer.from(macOf(sessionId, key));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function macOf(sessionId: string, key: Buffer): string {
  return createHmac('sha256', key).update(sessionId).digest('base64url');
}
