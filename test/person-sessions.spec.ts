import { randomUUID } from 'node:crypto';
import { addApplication, applicationsOf, permit } from './support/applications.js';
import { Device, send, type Answer, type RequestOptions } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { registerAdmin } from './support/operator.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let fraud: Backend;
let shop: string;

const lines: string[] = [];

beforeAll(async () => {
  one = await startService();
  // In one process, who starts last has the log.
  two = await startService({ besides: one, onLog: (line) => lines.push(line) });
  fraud = await newBackend(one, 'fraud');
  await permit(one, 'fraud', 'sessions');
  shop = await addApplication(one);
  await applicationsOf(two).load();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const BECAUSE = '?reason=card%20fraud,%20case%204711';

const ask = (path: string, options: RequestOptions = {}): Promise<Answer> =>
  send(one, `/v1/users/${path}`, { headers: fraud.headers, ...options });
const end = (path: string): Promise<Answer> => ask(path, { method: 'DELETE' });

const audit = (device: Device) =>
  one.db.query(
    `select type, actor, reason, application_id, host(ip) as ip from audit_events where user_id = $1 order by id desc limit 1`,
    [device.userId],
  );

test("lists a person's devices, whatever they are signed in to, a page at a time", async () => {
  const device = await Device.register(one);
  const other = await device.another({ applicationId: shop, deviceName: 'till' });
  const { status, body } = await ask(`${device.userId}/sessions`);
  expect(status).toBe(200);
  expect(body.items.map(({ id }: { id: string }) => id).toSorted()).toEqual(
    [device.sessionId, other.sessionId].toSorted(),
  );
  expect(body.items).toContainEqual(expect.objectContaining({ id: other.sessionId, name: 'till', current: false }));
  const first = await ask(`${device.userId}/sessions?limit=1`);
  const second = await ask(`${device.userId}/sessions?limit=1&cursor=${first.body.nextCursor}`);
  expect([...first.body.items, ...second.body.items]).toEqual(body.items);
  // Who read whose addresses: a line each.
  const read = lines.filter((line) => line.includes("reads a person's devices")).map((line) => JSON.parse(line));
  expect(read).toHaveLength(3);
  expect(read[0]).toMatchObject({ applicationId: 'fraud', userId: device.userId, ip: '127.0.0.1' });
});

test('ends one of them: refused at once, here and elsewhere, and the audit has which application and why', async () => {
  const device = await Device.register(one);
  const other = await device.another({ applicationId: shop });
  expect((await end(`${device.userId}/sessions/${other.sessionId}${BECAUSE}`)).status).toBe(204);
  expect((await other.send('/v1/sessions/current')).code).toBe('session_ended');
  expect(await device.access()).toBeNull();
  await catchUp(two);
  expect((await other.send('/v1/sessions/current', {}, two)).code).toBe('session_ended');
  const refresh = await send(one, '/v1/auth/refresh', {
    body: { refreshToken: other.refreshToken, applicationId: shop },
  });
  expect(refresh).toMatchObject({ status: 401, code: 'session_ended', body: { reason: 'ended_by_operator' } });
  const actor = 'application:fraud';
  const reason = 'card fraud, case 4711';
  expect(await audit(device)).toEqual([
    { type: 'session.ended', actor, reason, application_id: shop, ip: '127.0.0.1' },
  ]);
  // Once more: it is over, and that is said.
  expect(await end(`${device.userId}/sessions/${other.sessionId}${BECAUSE}`)).toMatchObject({
    status: 409,
    code: 'conflict',
  });
});

test('ends all of them: tokens are outdated, and no refresh works', async () => {
  const device = await Device.register(one);
  const other = await device.another({ applicationId: shop });
  expect((await end(`${device.userId}/sessions${BECAUSE}`)).status).toBe(204);
  expect([await device.access(), (await other.send('/v1/sessions/current')).code]).toEqual([
    'token_outdated',
    'token_outdated',
  ]);
  expect((await device.refresh()).code).toBe('session_ended');
  expect(await audit(device)).toEqual([
    expect.objectContaining({
      type: 'account.signed_out_everywhere',
      actor: 'application:fraud',
      reason: 'card fraud, case 4711',
    }),
  ]);
  expect((await ask(`${device.userId}/sessions`)).body).toEqual({ items: [] });
});

describe('who may', () => {
  const calls = ({ userId, sessionId }: Device): [method: string, path: string][] => [
    ['GET', `/v1/users/${userId}/sessions`],
    ['DELETE', `/v1/users/${userId}/sessions${BECAUSE}`],
    ['DELETE', `/v1/users/${userId}/sessions/${sessionId}${BECAUSE}`],
  ];
  const refusals = async (device: Device, options: RequestOptions) =>
    Promise.all(calls(device).map(async ([method, path]) => (await send(one, path, { method, ...options })).code));

  test('an application without the permission gets 403 forbidden, and nothing happens', async () => {
    const device = await Device.register(one);
    const { headers, applicationId } = await newBackend(one);
    expect(await refusals(device, { headers })).toEqual(['forbidden', 'forbidden', 'forbidden']);
    expect(await device.access()).toBeNull();
    await permit(one, applicationId, 'sessions');
    expect((await send(one, `/v1/users/${device.userId}/sessions`, { headers })).status).toBe(200);
    await permit(one, applicationId);
    expect(await refusals(device, { headers })).toEqual(['forbidden', 'forbidden', 'forbidden']);
  });

  test("nobody without credentials, nor by a person's token, their own or an administrator's", async () => {
    const device = await Device.register(one);
    const { accessToken } = await registerAdmin(one);
    const none = Array(3).fill('client_credentials_invalid');
    for (const token of [null, device.accessToken, accessToken])
      expect(await refusals(device, { token })).toEqual(none);
    expect(await device.access()).toBeNull();
  });
});

describe('what is not there, or not said', () => {
  test('an unknown person, what is no id, and the session of somebody else: 404', async () => {
    const [device, stranger] = [await Device.register(one), await Device.register(one)];
    for (const path of [`${randomUUID()}/sessions`, 'me/sessions', 'x/sessions'])
      expect(await ask(path)).toMatchObject({ status: 404, code: 'not_found' });
    for (const path of [
      `${randomUUID()}/sessions`,
      `${device.userId}/sessions/${stranger.sessionId}`,
      `${device.userId}/sessions/${randomUUID()}`,
    ])
      expect(await end(`${path}${BECAUSE}`)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await stranger.access()).toBeNull();
  });

  test.each(['', '?reason=', '?reason=%20', '?reason=two%0Alines', `?reason=${'x'.repeat(501)}`])(
    'without a reason in one line (%j): 400, and nothing happens',
    async (query) => {
      const device = await Device.register(one);
      for (const path of [`${device.userId}/sessions`, `${device.userId}/sessions/${device.sessionId}`])
        expect(await end(path + query)).toMatchObject({ status: 400, code: 'validation_failed' });
      expect(await device.access()).toBeNull();
    },
  );
});
