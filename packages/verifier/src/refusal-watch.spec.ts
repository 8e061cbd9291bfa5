import { RefusalWatch } from './refusal-watch.js';
import type { RevocationEntry } from './revocation-entry.js';
import { decide } from './decide.js';
import { RevocationIndex } from './revocation-index.js';
import type { VerifiedToken } from './verify.js';

const EXP = 1_000;
let index: RevocationIndex;
let now: number;
let errors: unknown[];
let told: string[];
let watch: RefusalWatch;

beforeEach(() => {
  index = new RevocationIndex();
  now = EXP - 500;
  errors = [];
  told = [];
  watch = new RefusalWatch({
    refusalOf: (verified) => decide(verified, index),
    now: () => now,
    onError: (error) => errors.push(error),
  });
});
afterEach(() => watch.close());

/** Of this session; one person and application have all of them. */
function token(sid: string): VerifiedToken {
  const claims = { sub: 'ada', sid, client_id: 'shop', jti: `jti-${sid}`, ver: 1, aver: 1, iat: EXP - 600, exp: EXP };
  return { kid: 'a-key', claims } as unknown as VerifiedToken;
}

const tell = (name: string) => (code: string) => void told.push(`${name} ${code}`);

function revoke(kind: RevocationEntry['kind'], subject: string, minVersion = 0): void {
  const entry = { seq: 1, kind, subject, minVersion, suspended: false, expiresAt: Infinity };
  index.apply(entry);
  watch.reconsider([entry]);
}

test.each([
  ['session', 'a', 0, ['a session_ended']],
  ['token', 'jti-a', 0, ['a token_revoked']],
  ['user', 'ada', 2, ['a token_outdated', 'b token_outdated']],
  ['application', 'shop', 2, ['a token_outdated', 'b token_outdated']],
  ['key', 'a-key', 0, ['a token_revoked', 'b token_revoked']],
  ['user', 'eve', 2, []],
] as const)('an entry on a %s is told to what it refuses, once: %s', (kind, subject, minVersion, expected) => {
  for (const name of ['a', 'b']) watch.add(token(name), tell(name));
  revoke(kind, subject, minVersion);
  watch.reconsider(null);
  expect(told).toEqual(expected);
});

test('what runs out is told to the second at which a request would be refused, and nothing that was let go', () => {
  watch.add(token('a'), tell('a'));
  watch.add(token('b'), tell('b'))();
  now = EXP + 4.999;
  watch.reconsider(null);
  expect(told).toEqual([]);
  now = EXP + 5;
  watch.reconsider(null);
  expect(told).toEqual(['a token_expired']);
});

test('what is watched is counted for each of its subjects, until it is let go or refused', () => {
  const letGo = watch.add(token('a'), tell('a'));
  watch.add(token('a'), tell('again'));
  watch.add(token('b'), tell('b'));
  expect([watch.count('a'), watch.count('b'), watch.count('ada'), watch.count('nobody')]).toEqual([2, 1, 3, 0]);
  letGo();
  revoke('session', 'b', 0);
  expect([watch.count('a'), watch.count('b'), watch.count('ada')]).toEqual([1, 0, 1]);
});

test('what is renewed stays for another life of its token; a no is the end of its session, and a revocation goes before', async () => {
  const answers = [true, false];
  watch.add(token('a'), tell('a'), async () => answers.shift()!);
  const pass = async (seconds: number) => {
    now += seconds;
    watch.reconsider(null);
    await new Promise(setImmediate);
  };
  await pass(505);
  await pass(599);
  expect([answers.length, told]).toEqual([1, []]);
  await pass(1);
  expect(told).toEqual(['a session_ended']);
  watch.add(token('b'), tell('b'), async () => true);
  revoke('user', 'ada', 2);
  expect(told).toEqual(['a session_ended', 'b token_outdated']);
});

test('a renewal or a listener that throws closes its own and keeps no other from being told', async () => {
  watch.add(token('a'), tell('a'), () => Promise.reject(new Error('no database')));
  watch.add(token('b'), () => {
    throw new Error('a fault of the application');
  });
  watch.add(token('c'), tell('c'));
  now = EXP + 5;
  watch.reconsider(null);
  await new Promise(setImmediate);
  expect(told).toEqual(['c token_expired', 'a token_expired']);
  expect(errors.map(String)).toEqual(['Error: a fault of the application', 'Error: no database']);
});
