import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { claimsOf, headerOf, keysOf } from './support/access-token.js';
import { createTestDatabase } from './support/create-database.js';
import { Device, send } from './support/device.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { startProxy } from './support/tcp-proxy.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

interface KeyRow {
  kid: string;
  status: string;
  public_jwk: object;
  private_key_encrypted: Buffer;
}

const keyRows = () => service.db.query<KeyRow>('select * from signing_keys order by status');
const jwks = (instance = service) => send(instance, '/.well-known/jwks.json');

test('the first start makes one key that signs and one on standby; both are published, as public keys', async () => {
  const rows = await keyRows();
  expect(rows.map(({ status }) => status)).toEqual(['active', 'standby']);
  const { status, headers, body } = await jwks();
  expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
  expect(body.keys).toHaveLength(2);
  for (const { kid } of rows) {
    const key = body.keys.find((each: { kid: string }) => each.kid === kid);
    const coordinate = expect.stringMatching(/^[\w-]{43}$/);
    expect(key).toEqual({ kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate, kid, alg: 'ES256', use: 'sig' });
  }
  expect(headerOf((await Device.register(service)).accessToken)['kid']).toBe(rows[0]!.kid);
});

test('a library that knows nothing of us verifies our token with the published keys', async () => {
  const { accessToken } = await Device.register(service);
  const keys = createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`));
  const rules = { issuer: PUBLIC_URL, audience: 'account', typ: 'at+jwt', algorithms: ['ES256'], clockTolerance: 5 };
  const { payload, protectedHeader } = await jwtVerify(accessToken, keys, rules);
  expect(payload).toEqual(claimsOf(accessToken));
  expect(protectedHeader).toEqual(headerOf(accessToken));
});

test('a dump of the database holds no private key', async () => {
  const { privateKey } = keysOf(service).signingKey();
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url');
  for (const { public_jwk, private_key_encrypted } of await keyRows()) {
    expect(Object.keys(public_jwk).toSorted()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(private_key_encrypted.includes(secret)).toBe(false);
    expect(() => createPrivateKey({ key: private_key_encrypted, format: 'der', type: 'pkcs8' })).toThrow();
    expect(private_key_encrypted.toString('latin1')).not.toContain('PRIVATE KEY');
  }
});

test('a second start makes none, and instances that start together make two', async () => {
  const another = await startService({ besides: service });
  expect(await keyRows()).toHaveLength(2);
  await another.stop();

  await service.db.query('delete from signing_keys');
  const started = await Promise.all(Array.from({ length: 4 }, () => startService({ besides: service })));
  expect((await keyRows()).map(({ status }) => status)).toEqual(['active', 'standby']);
  const answers = await Promise.all(started.map((instance) => jwks(instance)));
  for (const { body } of answers) expect(body).toEqual(answers[0]!.body);
  await Promise.all(started.map((instance) => instance.stop()));
  await keysOf(service).load();
});

test('keys that another instance made are known after the next look, and its tokens accepted', async () => {
  const before = await Device.register(service);
  await service.db.query(
    `update signing_keys set status = 'retired', retired_at = now() where status = 'active';
     update signing_keys set status = 'active', activated_at = now() where status = 'standby'`,
  );
  const another = await startService({ besides: service });
  const device = await before.another({}, another);
  await keysOf(service).load();
  expect(headerOf(device.accessToken)['kid']).not.toBe(headerOf(before.accessToken)['kid']);
  expect([await device.access(service), await before.access(another), await before.access()]).toEqual([
    null,
    null,
    null,
  ]);
  const published = (await jwks()).body.keys.map(({ kid }: { kid: string }) => kid);
  expect(published).toContain(headerOf(before.accessToken)['kid']);
  await another.stop();
});

test('a token of a key that cannot be looked for now, for want of a database, gets 503 and not 401', async () => {
  const proxy = await startProxy(service.db.url);
  const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: '1m' };
  const another = await startService({ besides: service, env });
  const device = await Device.register(service);
  keysOf(another).verificationKeys.replace([]);
  proxy.cut();
  expect(await device.send('/v1/users/me', {}, another)).toMatchObject({ status: 503, code: 'unavailable' });
  proxy.heal();
  await poll(async () => (await device.access(another)) === null);
  await another.stop();
  await proxy.close();
});

describe('an instance that cannot use the signing key', () => {
  const lines: string[] = [];
  let wrong: Service;

  beforeAll(async () => {
    const env = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    wrong = await startService({ besides: service, env, onLog: (line) => lines.push(line) });
  });
  afterAll(() => wrong.stop());

  test('says what is wrong once, in words, and nothing of the row', async () => {
    await keysOf(wrong).load();
    const told = lines.filter((line) => line.includes('KEY_ENCRYPTION_KEY'));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0]!)).toMatchObject({
      level: 'error',
      msg: 'The signing keys could not be loaded.',
      err: { message: expect.stringMatching(/^Signing key \S+ cannot be opened: KEY_ENCRYPTION_KEY is not the one/) },
    });
  });

  test('is not ready, and issues nothing: 503', async () => {
    const ready = await send(wrong, '/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body.checks).toContainEqual({
      name: 'signing key',
      ok: false,
      detail: expect.stringContaining('Set KEY_ENCRYPTION_KEY'),
    });
    const device = await Device.register(service);
    expect(await send(wrong, '/v1/auth/refresh', { body: { refreshToken: device.refreshToken } })).toMatchObject({
      status: 503,
      code: 'unavailable',
    });
    expect((await device.refresh()).status).toBe(200);
  });

  test('still publishes the keys and verifies tokens: those are public', async () => {
    expect((await jwks(wrong)).body).toEqual((await jwks()).body);
    expect(await (await Device.register(service)).access(wrong)).toBeNull();
  });
});

test('without any key it publishes nothing that a verifier would keep, and loads them as soon as it can', async () => {
  const db = await createTestDatabase();
  await db.query('alter table signing_keys rename to elsewhere');
  const early = await startService({ env: { DATABASE_URL: db.url } });
  const answer = await jwks(early);
  expect(answer).toMatchObject({ status: 503, code: 'unavailable' });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  await db.query('alter table elsewhere rename to signing_keys');
  await poll(async () => (await jwks(early)).status === 200, 5);
  expect((await send(early, '/health/ready')).status).toBe(200);
  await early.stop();
  await db.drop();
});
