import { randomBytes } from 'node:crypto';
import { KeyAdministrationService } from '../src/keys/key-administration.service.js';
import { keysOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

/** Changing the two secrets as docs/operations.md says: nobody is signed out, and no instance stops. */
const ACT = { actor: 'operator:test', reason: 'yearly' };
const newKey = () => randomBytes(32).toString('base64');

const OLD = { KEY_ENCRYPTION_KEY: newKey(), REFRESH_TOKEN_KEYS: `a:${newKey()}` };

let old: Service;

beforeEach(async () => {
  old = await startService({ env: OLD });
});
afterEach(() => old.stop());

const administration = (service: Service) => service.app.get(KeyAdministrationService, { strict: false });
const sealedBy = async (service: Service) => (await administration(service).list()).map((key) => key.sealedBy);
const isReady = async (service: Service) => (await send(service, '/health/ready')).status === 200;

test('KEY_ENCRYPTION_KEY: with both set the keys open; sealed anew, they open without the old one', async () => {
  const device = await Device.register(old);
  const KEY_ENCRYPTION_KEY = newKey();
  const both = { ...OLD, KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_PREVIOUS: OLD.KEY_ENCRYPTION_KEY };
  const middle = await startService({ besides: old, env: both });
  expect(await isReady(middle)).toBe(true);
  expect(await sealedBy(middle)).toEqual(['previous', 'previous']);
  expect((await device.refresh(undefined, middle)).status).toBe(200);

  expect(await administration(middle).reseal(ACT)).toBe(2);
  expect(await sealedBy(middle)).toEqual(['current', 'current']);
  expect(await administration(middle).reseal(ACT)).toBe(0);
  const last = await startService({ besides: old, env: { ...OLD, KEY_ENCRYPTION_KEY } });
  expect(await isReady(last)).toBe(true);
  expect((await device.refresh(undefined, last)).status).toBe(200);
  expect([await device.access(old), await device.access(last)]).toEqual([null, null]);
  expect(await old.db.query(`select actor, reason from audit_events where type = 'signing_keys.resealed'`)).toEqual([
    ACT,
  ]);
});

test('whoever has another KEY_ENCRYPTION_KEY changes no key, and the service goes on', async () => {
  const stranger = await startService({ besides: old, env: { ...OLD, KEY_ENCRYPTION_KEY: newKey() } });
  await old.advance(100 * 86_400);
  await keysOf(stranger).load();
  const { kid } = keysOf(old).signingKey();
  for (const act of [
    () => administration(stranger).rotate(ACT),
    () => administration(stranger).withdraw(kid, ACT),
    () => administration(stranger).reseal(ACT),
  ]) {
    await expect(act()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('KEY_ENCRYPTION_KEY'),
    });
  }
  expect(await old.db.query('select status from signing_keys order by 1')).toEqual([
    { status: 'active' },
    { status: 'standby' },
  ]);
  expect(await isReady(stranger)).toBe(false);
});

test('REFRESH_TOKEN_KEYS: added second, moved to the front, the old one taken away: no refresh is refused on the way', async () => {
  const device = await Device.register(old);
  const idle = await device.another();
  const added = `b:${newKey()}`;
  const steps = [`${OLD.REFRESH_TOKEN_KEYS},${added}`, `${added},${OLD.REFRESH_TOKEN_KEYS}`];
  let before = old;
  for (const REFRESH_TOKEN_KEYS of steps) {
    const after = await startService({ besides: old, env: { ...OLD, REFRESH_TOKEN_KEYS } });
    // While they are exchanged, a device meets both.
    for (const service of [before, after, before, after]) {
      expect((await device.refresh(undefined, service)).status).toBe(200);
    }
    before = after;
  }
  expect(device.refreshToken).toMatch(/^prt_b\./);
  expect((await idle.refresh(undefined, before)).status).toBe(200);
  const last = await startService({ besides: old, env: { ...OLD, REFRESH_TOKEN_KEYS: added } });
  for (const each of [device, idle]) expect((await each.refresh(undefined, last)).status).toBe(200);
});
