import { headerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { registerAdmin } from './support/operator.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let admin: Device;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  admin = await registerAdmin(one);
});
afterAll(() => one.stop());
beforeEach(async () => {
  await admin.login();
});

const reason = 'found in a public repository';
const list = async () => (await admin.send('/v1/admin/keys')).body.items as { kid: string; status: string }[];
const post = (path: string, body: object = { reason }) => admin.send(`/v1/admin/keys/${path}`, { body });
const kidOf = (device: Device) => headerOf(device.accessToken)['kid'] as string;

test('keys are listed without anything secret', async () => {
  const items = await list();
  expect(items.map(({ status }) => status).toSorted()).toEqual(['active', 'standby']);
  expect(Object.keys(items[0]!).toSorted()).toEqual(
    'activatedAt algorithm createdAt kid published retiredAt sealedBy status withdrawnAt'.split(' '),
  );
});

test('rotate: 409 with the time to wait, then the standby signs and the old tokens stay good', async () => {
  const device = await Device.register(one);
  expect(await post('rotate')).toMatchObject({ status: 409, code: 'conflict' });
  await one.advance(16 * 60);
  await admin.login();
  const answer = await post('rotate');
  expect(answer).toMatchObject({ status: 200, body: { status: 'active', published: true } });
  expect(answer.body.kid).not.toBe(kidOf(device));
  await device.refresh();
  expect([kidOf(device), await device.access(one), await device.access(two)]).toEqual([answer.body.kid, null, null]);
});

test('withdraw: refused on both instances, every device refreshes, and a second time is 409', async () => {
  const device = await Device.register(one);
  const kid = kidOf(device);
  const answer = await post(`${kid}/withdraw`);
  expect(answer).toMatchObject({ status: 200, body: { status: 'active' } });
  await catchUp(two);
  expect([await device.access(one), await device.access(two)]).toEqual(['token_revoked', 'token_revoked']);
  // The administrator's own token was signed by it too.
  expect((await admin.send('/v1/admin/keys')).code).toBe('token_revoked');
  await admin.refresh();
  expect(await post(`${kid}/withdraw`)).toMatchObject({ status: 409, code: 'conflict' });
  expect((await device.refresh()).status).toBe(200);
  expect(
    await one.db.query(`select actor, reason, details from audit_events where type = 'signing_key.withdrawn'`),
  ).toEqual([{ actor: `user:${admin.userId}`, reason, details: { kid } }]);
});

test('what is not a key is 404 or 400; without a reason nothing is done', async () => {
  const before = await list();
  expect(await post(`${'k'.repeat(43)}/withdraw`)).toMatchObject({ status: 404 });
  expect((await post('nonsense/withdraw')).status).toBeGreaterThanOrEqual(400);
  expect(await post(`${before[0]!.kid}/withdraw`, {})).toMatchObject({ status: 400, code: 'validation_failed' });
  expect(await post('rotate', { reason: ' ' })).toMatchObject({ status: 400 });
  expect(await list()).toEqual(before);
});

test('nobody but an administrator who proved lately who they are may look or act', async () => {
  const device = await Device.register(one);
  for (const options of [{}, { body: { reason } }]) {
    const path = 'body' in options ? '/v1/admin/keys/rotate' : '/v1/admin/keys';
    expect(await device.send(path, options)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await send(one, path, options)).toMatchObject({ status: 401, code: 'token_missing' });
  }
  await one.advance(3601);
  await admin.refresh();
  expect(await post('rotate')).toMatchObject({ code: 'reauthentication_required' });
});
