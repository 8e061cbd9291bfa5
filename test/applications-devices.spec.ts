import { addApplication, registerAt } from './support/applications.js';
import type { Device } from './support/device.js';
import { registerAdmin } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let shop: string;
/** Signed in to the shop, and the same person on the account pages. */
let till: Device;
let account: Device;

beforeAll(async () => {
  service = await startService();
  shop = await addApplication(service, { name: 'The shop' });
});
afterAll(() => service.stop());
beforeEach(async () => {
  till = await registerAt(service, shop, { deviceName: 'Till 4' });
  account = await till.another();
});

const itemsOf = async (device: Device, path = '/v1/sessions') => (await device.send(path)).body.items as any[];

test('the list of devices says which application a device is signed in to, unless it is the account pages', async () => {
  const items = await itemsOf(account);
  const named = Object.fromEntries(items.map(({ id, application }) => [id, application]));
  expect(named).toEqual({ [till.sessionId]: { id: shop, name: 'The shop' }, [account.sessionId]: undefined });
  const admin = await registerAdmin(service);
  expect(await itemsOf(admin, `/v1/admin/users/${till.userId}/sessions`)).toContainEqual(
    expect.objectContaining({ id: till.sessionId, application: { id: shop, name: 'The shop' } }),
  );
  expect((await till.send('/v1/sessions/current')).body.application).toEqual({ id: shop, name: 'The shop' });
});

const endings: [string, (by: Device, ended: Device) => Promise<{ status: number }>][] = [
  ['one device', (by, { sessionId }) => by.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' })],
  ['all others', (by) => by.send('/v1/sessions?except=current', { method: 'DELETE' })],
];

test.each(endings)(
  'ending %s ends it in another application too; line and audit name that application',
  async (_, end) => {
    expect((await end(account, till)).status).toBe(204);
    expect(await till.send('/v1/sessions/current')).toMatchObject({ status: 401, code: 'session_ended' });
    expect((await till.refresh()).body).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' });
    const line = await service.db.query('select application_id from revocations where subject = $1', [till.sessionId]);
    expect(line).toEqual([{ application_id: shop }]);
    const told = `select application_id from audit_events where type = 'session.ended' and session_id = $1`;
    expect(await service.db.query(told, [till.sessionId])).toEqual([{ application_id: shop }]);
    expect(await account.access()).toBeNull();
  },
);

test('a device of another application can be named, and neither lists nor ends those of the account', async () => {
  const renamed = await account.send(`/v1/sessions/${till.sessionId}`, { method: 'PATCH', body: { name: 'Till 5' } });
  expect(renamed.body).toMatchObject({ name: 'Till 5', application: { id: shop } });
  expect((await till.send('/v1/sessions')).code).toBe('token_invalid');
  const end = await till.send(`/v1/sessions/${account.sessionId}`, { method: 'DELETE' });
  expect(end.code).toBe('token_invalid');
  expect(await account.access()).toBeNull();
});

test('signing out everywhere and changing the password end the sessions of every application', async () => {
  expect((await account.send('/v1/auth/logout-all', { method: 'POST' })).status).toBe(204);
  expect((await till.send('/v1/sessions/current')).code).toBe('token_outdated');
  expect((await till.refresh()).code).toBe('session_ended');
});
