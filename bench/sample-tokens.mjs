/* Entries, claims and signed tokens such as a server has them. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export const ISSUER = 'https://auth.example';
export const AUDIENCE = 'https://api.example';
export const NOW = 1_800_000_000;

const KINDS = ['session', 'token', 'user'];

/** The i-th revocation: a third each of sessions, tokens and users, expiring over a quarter of an hour. */
export function makeEntry(i) {
  const kind = KINDS[i % 3];
  return {
    seq: i + 1,
    kind,
    subject: kind === 'user' ? uuidv7(i) : randomUUID(),
    minVersion: kind === 'user' ? NOW : 0,
    suspended: false,
    expiresAt: NOW + (i % 900),
  };
}

export function makeClaims(changes) {
  return {
    iss: ISSUER,
    sub: uuidv7(0),
    aud: AUDIENCE,
    exp: NOW + 600,
    iat: NOW,
    jti: randomUUID(),
    client_id: 'account',
    sid: randomUUID(),
    ver: NOW,
    aver: NOW,
    auth_time: NOW,
    acr: 'urn:portcullis:pwd',
    amr: ['pwd'],
    roles: ['member'],
    ...changes,
  };
}

/** A value with its strings as JSON.parse makes them: one flat piece, not the rope that concatenation leaves. */
export function asParsed(value) {
  return JSON.parse(JSON.stringify(value));
}

export function makeKey(alg) {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { alg, kid: 'k1', key: publicKey, privateKey };
}

export function issue({ alg, kid, privateKey }) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg, typ: 'at+jwt', kid })}.${encode(makeClaims())}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { token: `${input}.${signature.toString('base64url')}`, input: Buffer.from(input), signature };
}

/** A UUID of version 7, as users have: ordered by time, the kind that a weak hash clusters. */
function uuidv7(i) {
  const ms = (NOW * 1000 + (i >> 4)).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
}
