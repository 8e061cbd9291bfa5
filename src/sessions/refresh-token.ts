import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { RefreshTokenKey } from '../config.js';
import type { Delivery } from '../applications/delivery.js';

/** What a refresh token says once its mac was found to be ours. */
export interface RefreshToken {
  sessionId: string;
  generation: number;
  /** 128 random bits made at sign-in, the same in every generation; stored only as a hash. */
  secret: string;
}

/** What a token is bound to besides itself: it is good for nothing else. */
export interface RefreshTokenBinding {
  applicationId: string;
  delivery: Delivery;
}

/** A refresh token as a request brought it. */
export interface PresentedRefreshToken {
  token: string;
  binding: RefreshTokenBinding;
  /** Whether a browser sent it by itself, for a page: all tabs share that cookie, and their requests overtake each other. */
  byBrowser: boolean;
}

const SECRET_BYTES = 16;

/**
 * `prt_<key id>.<session id>.<generation>.<secret>.<mac>`: a fixed prefix, so that secret scanners know it; exactly one
 * spelling of each part, so that no altered copy passes for the token.
 */
const FORMAT = new RegExp(
  '^prt_([A-Za-z0-9_-]{1,32})' +
    String.raw`\.([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})` +
    String.raw`\.([1-9][0-9]{0,14})` +
    String.raw`\.([A-Za-z0-9_-]{21}[AQgw])` +
    String.raw`\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$`,
);

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What the sessions table holds. The secret is random, so a plain hash keeps it (no slow hash is needed). */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The token in words, under the first of the server's keys. The same input gives the same token. */
export function formatRefreshToken(
  token: RefreshToken,
  binding: RefreshTokenBinding,
  keys: readonly RefreshTokenKey[],
): string {
  const [key] = keys;
  if (!key) throw new Error('REFRESH_TOKEN_KEYS is empty.');
  const body = `prt_${key.id}.${token.sessionId}.${token.generation}.${token.secret}`;
  return `${body}.${macOf(body, binding, key.key).toString('base64url')}`;
}

/** Null unless the server made exactly this token for exactly this use. Asks no database. */
export function parseRefreshToken(
  text: string,
  binding: RefreshTokenBinding,
  keys: readonly RefreshTokenKey[],
): RefreshToken | null {
  const [, keyId, sessionId, generation, secret, mac] = FORMAT.exec(text) ?? [];
  const key = keys.find((candidate) => candidate.id === keyId);
  if (!key || !sessionId || !generation || !secret || !mac) return null;
  const body = text.slice(0, text.lastIndexOf('.'));
  if (!timingSafeEqual(macOf(body, binding, key.key), Buffer.from(mac, 'base64url'))) return null;
  return { sessionId, generation: Number(generation), secret };
}

/** As `parseRefreshToken`, of whatever delivery: for whoever asks about a token, or takes it back. */
export function parseRefreshTokenOf(
  applicationId: string,
  text: string,
  keys: readonly RefreshTokenKey[],
): (RefreshToken & RefreshTokenBinding) | null {
  for (const delivery of ['body', 'cookie'] as const) {
    const token = parseRefreshToken(text, { applicationId, delivery }, keys);
    if (token) return { ...token, applicationId, delivery };
  }
  return null;
}

/** What a text in the form of a refresh token says of itself, whoever made it; null for any other text. */
export function readRefreshToken(text: string): { keyId: string; sessionId: string; generation: number } | null {
  const [, keyId, sessionId, generation] = FORMAT.exec(text) ?? [];
  return keyId && sessionId && generation ? { keyId, sessionId, generation: Number(generation) } : null;
}

/** A newline can stand in neither part, so no two inputs read the same. */
function macOf(body: string, { applicationId, delivery }: RefreshTokenBinding, key: Buffer): Buffer {
  return createHmac('sha256', key).update(`${body}\n${applicationId}\n${delivery}`).digest();
}
