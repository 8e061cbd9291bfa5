import { KeySet, RevocationIndex, VerificationError, verify, type JsonWebKeySet } from '@portcullis/verifier';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readEntry } from '../packages/verifier/src/follower/feed-messages.js';
import { CorpusSigner, type CorpusOptions } from './support/token-corpus/corpus-signer.js';
import { tokenCorpus } from './support/token-corpus.js';

const FILE = new URL('../docs/protocol-vectors.json', import.meta.url);
const NOW = 1_800_000_000;
/** As large as they are, milliseconds since 1970: a reader that keeps them in 32 bits gets verdicts wrong. */
const [USER_VERSION, APPLICATION_VERSION] = [1_799_999_300_123, 1_795_305_600_001];

interface Vectors {
  issuer: string;
  audience: string;
  /** Unix seconds at which all verdicts hold. */
  now: number;
  jwks: JsonWebKeySet;
  /** The cases in which nothing is revoked. */
  tokens: { name: string; token: string; expect: string }[];
  /** Each with its own entries, in the order in which they arrive. */
  revocations: { name: string; entries: Record<string, unknown>[]; token: string; expect: string }[];
}

const CLAIMS = {
  iss: 'https://id.example',
  sub: '019a9f0e-0000-7000-8000-000000000001',
  aud: 'shop',
  exp: NOW + 500,
  iat: NOW - 100,
  jti: 'b5a1e0c4-3f0c-4a53-9a39-6d6e3f1c9a10',
  client_id: 'shop',
  sid: '9b2f6a1e-7d43-4c55-9d0e-2f1f3a8f7c11',
  ver: USER_VERSION,
  aver: APPLICATION_VERSION,
  auth_time: NOW - 100,
  acr: 'urn:portcullis:pwd',
  amr: ['pwd'],
  roles: ['member'],
};

const user = { kind: 'user', subject: CLAIMS.sub };
const application = { kind: 'application', subject: 'shop' };
const session = { seq: 4, kind: 'session', subject: CLAIMS.sid };
const token = { seq: 5, kind: 'token', subject: CLAIMS.jti };
const key = { seq: 6, kind: 'key', subject: 'es' };

const REVOCATIONS: { name: string; entries: Record<string, unknown>[]; expect: string }[] = [
  { name: 'nothing', entries: [], expect: 'accepted' },
  { name: 'of somebody else', entries: [{ ...session, subject: CLAIMS.jti }], expect: 'accepted' },
  { name: 'a subject of another kind', entries: [{ ...session, subject: CLAIMS.sub }], expect: 'accepted' },
  { name: 'the session', entries: [session], expect: 'session_ended' },
  { name: 'the token', entries: [token], expect: 'token_revoked' },
  { name: 'the key', entries: [key], expect: 'token_revoked' },
  {
    name: 'an older version of the user',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION }],
    expect: 'accepted',
  },
  {
    name: 'this version of the user',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION + 1 }],
    expect: 'token_outdated',
  },
  {
    name: 'an older version of the user that would be newer in 32 bits',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION - 2 ** 32 + 1 }],
    expect: 'accepted',
  },
  {
    name: 'a newer version of the user that would be the same in 32 bits',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION + 2 ** 32 }],
    expect: 'token_outdated',
  },
  {
    name: 'the largest numbers there can be',
    entries: [{ ...user, seq: Number.MAX_SAFE_INTEGER, minVersion: Number.MAX_SAFE_INTEGER }],
    expect: 'token_outdated',
  },
  {
    name: 'an older version of the application',
    entries: [{ ...application, seq: 1, minVersion: APPLICATION_VERSION }],
    expect: 'accepted',
  },
  {
    name: 'this version of the application',
    entries: [{ ...application, seq: 1, minVersion: APPLICATION_VERSION + 1 }],
    expect: 'token_outdated',
  },
  { name: 'the user suspended', entries: [{ ...user, seq: 1, suspended: true }], expect: 'account_suspended' },
  {
    name: 'the user suspended, in this version',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION + 1, suspended: true }],
    expect: 'account_suspended',
  },
  {
    name: 'the user suspended, and the token from after that was lifted, which is not known yet',
    entries: [{ ...user, seq: 1, minVersion: USER_VERSION, suspended: true }],
    expect: 'accepted',
  },
  {
    name: 'restored and suspended again, and the token from between the two',
    entries: [
      { ...user, seq: 1, minVersion: USER_VERSION - 1, suspended: true },
      { ...user, seq: 2, minVersion: USER_VERSION },
      { ...user, seq: 3, minVersion: USER_VERSION + 1, suspended: true },
    ],
    expect: 'account_suspended',
  },
  {
    name: 'suspended and restored since, the later word first',
    entries: [
      { ...user, seq: 2, minVersion: USER_VERSION + 1 },
      { ...user, seq: 1, minVersion: USER_VERSION, suspended: true },
    ],
    expect: 'token_outdated',
  },
  {
    name: 'restored and suspended again',
    entries: [
      { ...user, seq: 2 },
      { ...user, seq: 3, suspended: true },
    ],
    expect: 'account_suspended',
  },
  {
    name: 'the application disabled',
    entries: [{ ...application, seq: 1, suspended: true }],
    expect: 'application_disabled',
  },
  {
    name: 'the application disabled, in this version',
    entries: [{ ...application, seq: 1, minVersion: APPLICATION_VERSION + 1, suspended: true }],
    expect: 'application_disabled',
  },
  {
    name: 'the application disabled, and the token from after it was enabled, which is not known yet',
    entries: [{ ...application, seq: 1, minVersion: APPLICATION_VERSION, suspended: true }],
    expect: 'accepted',
  },
  {
    name: 'the higher version counts, whatever comes later',
    entries: [
      { ...user, seq: 1, minVersion: USER_VERSION + 2 },
      { ...user, seq: 2, minVersion: USER_VERSION },
    ],
    expect: 'token_outdated',
  },
  { name: 'token and session: the session speaks', entries: [token, session], expect: 'session_ended' },
  {
    name: 'session and application: the application speaks',
    entries: [session, { ...application, seq: 1, suspended: true }],
    expect: 'application_disabled',
  },
  {
    name: 'application and user: the user speaks',
    entries: [
      { ...application, seq: 1, suspended: true },
      { ...user, seq: 2, suspended: true },
    ],
    expect: 'account_suspended',
  },
  {
    name: 'all of them: the key speaks',
    entries: [token, session, key, { ...user, seq: 1, suspended: true }, { ...application, seq: 2, suspended: true }],
    expect: 'token_revoked',
  },
  {
    name: 'an entry that ends later than the token',
    entries: [{ ...session, exp: NOW + 800 }],
    expect: 'session_ended',
  },
];

/** Written anew with `UPDATE_VECTORS=1`. The keys are thrown away: nobody can sign with them again. */
function makeVectors(): Vectors {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const options: CorpusOptions = {
    privateKey,
    alg: 'ES256',
    kid: 'es',
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    claims: CLAIMS,
    now: NOW,
  };
  const good = new CorpusSigner(options).sign();
  return {
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud,
    now: NOW,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'es', alg: 'ES256', use: 'sig' }] },
    tokens: tokenCorpus(options).map(({ name, token, expect }) => ({ name, token, expect })),
    revocations: REVOCATIONS.map(({ name, entries, expect }) => ({ name, entries, token: good, expect })),
  };
}

if (process.env['UPDATE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(makeVectors(), null, 2)}\n`);
const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors;

function verdict(token: string, entries: Record<string, unknown>[]): string {
  const index = new RevocationIndex();
  for (const entry of entries) index.apply(readEntry(entry));
  const { issuer, audience, now } = vectors;
  try {
    verify(token, { keys: KeySet.fromJwks(vectors.jwks), index, issuer, audience, now });
    return 'accepted';
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

test('every vector of the protocol gets its verdict', () => {
  expect(vectors.tokens.map(({ name, token }) => [name, verdict(token, [])])).toEqual(
    vectors.tokens.map(({ name, expect }) => [name, expect]),
  );
  expect(vectors.revocations.map(({ name, token, entries }) => [name, verdict(token, entries)])).toEqual(
    vectors.revocations.map(({ name, expect }) => [name, expect]),
  );
});

test('the vectors are all that the tests of the service know', () => {
  const now = makeVectors();
  // Some are named after a key, which is another one each time.
  const told = ({ name, expect }: { name: string; expect: string }) => `${name.replace(/"x":"[^"]*/, '')}: ${expect}`;
  expect(vectors.tokens.map(told)).toEqual(now.tokens.map(told));
  expect(vectors.revocations.map(told)).toEqual(now.revocations.map(told));
  expect(vectors.tokens.length).toBeGreaterThan(100);
});
