import { jest } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { KeyAdministrationService } from '../src/keys/key-administration.service.js';
import { headerOf, keysOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

const ACT = { actor: 'operator:test', reason: 'test' };
const MINUTE = 60;

let one: Service;
let two: Service;

// Long-lived tokens, for time is moved by minutes between one request and the next.
const env = { KEY_ROTATION: '2h', ACCESS_TOKEN_TTL: '1h' };

beforeAll(async () => {
  one = await startService({ env });
  two = await startService({ besides: one, env });
});
afterAll(() => one.stop());

beforeEach(async () => {
  await one.db.query('delete from signing_keys');
  await keysOf(one).load();
  await keysOf(two).load();
});

const administration = (service: Service) => service.app.get(KeyAdministrationService, { strict: false });
const reload = () => Promise.all([one, two].map((service) => keysOf(service).load()));
const kidOf = (device: Device) => headerOf(device.accessToken)['kid'] as string;
const statuses = async () => (await administration(one).list()).map(({ status }) => status).toSorted();

async function published(service = one): Promise<string[]> {
  const { keys } = (await send(service, '/.well-known/jwks.json')).body as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** A device whose access token was signed just before the keys rotate by themselves. */
async function signInBeforeRotation(): Promise<Device> {
  await one.advance(119 * MINUTE);
  const device = await Device.register(one);
  await one.advance(2 * MINUTE);
  return device;
}

test('when it is time, one of all instances rotates: the standby signs, the old key goes on verifying', async () => {
  const standby = (await administration(one).list()).find(({ status }) => status === 'standby');
  const device = await signInBeforeRotation();
  await reload();
  expect(await statuses()).toEqual(['active', 'retired', 'standby']);
  expect(
    await one.db.query(`select actor, reason, details from audit_events where type = 'signing_key.rotated'`),
  ).toEqual([{ actor: 'system', reason: 'scheduled', details: { kid: standby!.kid, retired: [kidOf(device)] } }]);
  const fresh = await device.another();
  expect(kidOf(fresh)).toBe(standby!.kid);
  for (const service of [one, two]) {
    expect([await device.access(service), await fresh.access(service)]).toEqual([null, null]);
    expect(await published(service)).toHaveLength(3);
  }
});

test('the old key is published until its last token has run out, and its private half is erased at once', async () => {
  const device = await signInBeforeRotation();
  await reload();
  expect(await one.db.query('select kid from signing_keys where private_key_encrypted is null')).toEqual([
    { kid: kidOf(device) },
  ]);
  await one.advance(65 * MINUTE);
  await reload();
  expect(await published()).toContain(kidOf(device));
  await one.advance(MINUTE);
  await reload();
  expect(await published()).not.toContain(kidOf(device));
  expect(await device.access(two)).toBe('token_invalid');
  expect((await device.refresh()).status).toBe(200);
});

test('a rotation by hand waits until everyone can know the next key', async () => {
  const active = (await administration(one).list()).find(({ status }) => status === 'active');
  await one.advance(14 * MINUTE);
  await expect(administration(one).rotate(ACT)).rejects.toMatchObject({ code: 'conflict' });
  expect(await statuses()).toEqual(['active', 'standby']);
  await one.advance(MINUTE);
  const signing = await administration(one).rotate(ACT);
  expect(signing).toMatchObject({ status: 'active', published: true, retiredAt: null });
  expect(signing.kid).not.toBe(active!.kid);
  expect(await statuses()).toEqual(['active', 'retired', 'standby']);
});

test('of many rotations at once one is done', async () => {
  await one.advance(20 * MINUTE);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, place) => administration(place % 2 ? one : two).rotate(ACT)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await statuses()).toEqual(['active', 'retired', 'standby']);
});

test('rotation under load: no request and no refresh on either instance is refused', async () => {
  const devices = await Promise.all(Array.from({ length: 4 }, () => Device.register(one)));
  const codes = new Set<string | null>();
  let over = false;
  const work = devices.map(async (device, place) => {
    for (let turn = place; !over; turn += 1) {
      const [here, there] = turn % 2 ? [one, two] : [two, one];
      codes.add((await device.refresh(undefined, here)).code);
      codes.add(await device.access(there));
    }
  });
  for (let rotation = 0; rotation < 3; rotation += 1) {
    await one.advance(16 * MINUTE);
    await administration(rotation % 2 ? one : two).rotate(ACT);
    await reload();
  }
  over = true;
  await Promise.all(work);
  expect([...codes]).toEqual([null]);
  expect(new Set(devices.map(kidOf)).size).toBeGreaterThan(0);
  expect((await statuses()).filter((status) => status === 'retired')).toHaveLength(3);
});

test('an instance that meets a key it has not heard of looks for it, and verifies', async () => {
  await one.db.query('delete from signing_keys');
  await keysOf(one).load();
  const devices = await Promise.all(Array.from({ length: 5 }, () => Device.register(one)));
  expect(await Promise.all(devices.map((device) => device.access(two)))).toEqual(Array(5).fill(null));
});

test('tokens that name keys nobody has cost the database one look a second', async () => {
  const device = await Device.register(one);
  const [header, ...rest] = device.accessToken.split('.');
  const named = (kid: string) => {
    const parts = { ...JSON.parse(Buffer.from(header!, 'base64url').toString()), kid };
    return [Buffer.from(JSON.stringify(parts)).toString('base64url'), ...rest].join('.');
  };
  const looks = jest.spyOn(keysOf(two), 'load');
  const started = performance.now();
  const kids = Array.from({ length: 30 }, (_, place) => `${'k'.repeat(41)}${10 + place}`);
  const answers = await Promise.all(kids.map((kid) => send(two, '/v1/users/me', { token: named(kid) })));
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['token_invalid']));
  expect(looks.mock.calls.length).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - started) / 1000));
  looks.mockClear();
  expect((await send(two, '/v1/users/me', { token: named('../../etc/passwd') })).code).toBe('token_invalid');
  expect(looks).not.toHaveBeenCalled();
});

test('a withdrawn key: what it signed is refused everywhere, every device refreshes, also where it was signing', async () => {
  const devices = [await Device.register(one), await Device.register(two)];
  const kid = kidOf(devices[0]!);
  const signing = await administration(one).withdraw(kid, ACT);
  expect(signing.kid).not.toBe(kid);
  await catchUp(two);
  for (const device of devices) {
    expect([await device.access(one), await device.access(two)]).toEqual(['token_revoked', 'token_revoked']);
    expect((await device.refresh(undefined, two)).status).toBe(200);
    expect([kidOf(device), await device.access(one)]).toEqual([signing.kid, null]);
  }
  expect(await published(two)).not.toContain(kid);
  expect(await statuses()).toEqual(['active', 'standby', 'withdrawn']);
  expect(await one.db.query(`select kind, subject, expires_at from revocations where subject = $1`, [kid])).toEqual([
    { kind: 'key', subject: kid, expires_at: null },
  ]);
});

test('a key is withdrawn once: the second time, and an unknown one, change nothing', async () => {
  const kid = keysOf(one).signingKey().kid;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, (_, place) => administration(place % 2 ? one : two).withdraw(kid, ACT)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
  }
  await expect(administration(one).withdraw('nobody', ACT)).rejects.toMatchObject({ code: 'not_found' });
  expect(await statuses()).toEqual(['active', 'standby', 'withdrawn']);
});

test('both keys withdrawn one after the other: a third signs, and both instances accept it', async () => {
  const device = await Device.register(one);
  await administration(one).withdraw(kidOf(device), ACT);
  await administration(one).withdraw(keysOf(one).signingKey().kid, ACT);
  expect((await device.refresh()).status).toBe(200);
  await catchUp(two);
  expect([await device.access(one), await device.access(two)]).toEqual([null, null]);
});

test('a key that the deny-list names but the table does not, as after a restore, is withdrawn again', async () => {
  const device = await Device.register(one);
  const kid = kidOf(device);
  const { private_key_encrypted: sealed } = (
    await one.db.query<{ private_key_encrypted: Buffer }>('select * from signing_keys where kid = $1', [kid])
  )[0]!;
  await administration(one).withdraw(kid, ACT);
  await one.db.query(`update signing_keys set status = 'retired', retired_at = now() where status = 'active'`);
  const restored = `update signing_keys set status = 'active', withdrawn_at = null, private_key_encrypted = $2 where kid = $1`;
  await one.db.query(restored, [kid, sealed]);
  await keysOf(one).load();
  expect(await statuses()).toEqual(['active', 'retired', 'standby', 'withdrawn']);
  expect(keysOf(one).signingKey().kid).not.toBe(kid);
});

test('RS256 by configuration: published first, signing a quarter of an hour later, and what ES256 signed goes on', async () => {
  const device = await Device.register(one);
  const changed = await startService({ besides: one, env: { ...env, SIGNING_ALGORITHM: 'RS256' } });
  expect(keysOf(changed).signingKey().algorithm).toBe('ES256');
  await one.advance(16 * MINUTE);
  await keysOf(changed).load();
  await reload();
  const fresh = await device.another({}, changed);
  const rules = { issuer: one.config.publicUrl, audience: 'account', typ: 'at+jwt', algorithms: ['RS256'] };
  const { protectedHeader } = await jwtVerify(
    fresh.accessToken,
    createRemoteJWKSet(new URL(`${two.url}/.well-known/jwks.json`)),
    { ...rules, currentDate: new Date(Date.now() + one.db.shiftSeconds * 1000) },
  );
  expect(protectedHeader.alg).toBe('RS256');
  for (const service of [one, two, changed]) {
    expect([await device.access(service), await fresh.access(service)]).toEqual([null, null]);
  }
});

test('nothing of a key but its public half is ever listed', async () => {
  const listed = JSON.stringify(await administration(one).list());
  expect(listed).not.toMatch(/private|"d":|public_jwk/);
});
