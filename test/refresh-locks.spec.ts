import { Device, send } from './support/device.js';
import { holdLock, holdSession } from './support/held-lock.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string) => send(service, '/v1/auth/refresh', { body: { refreshToken } });

describe('a refresh that cannot have the lock', () => {
  test('is answered 503 with Retry-After after two seconds, and the token is not consumed', async () => {
    const device = await Device.register(service);
    const lock = await holdSession(service.db, device.sessionId);
    const start = performance.now();
    const refused = await refreshWith(device.refreshToken).finally(() => lock.release());
    expect(performance.now() - start).toBeGreaterThan(1_900);
    expect([refused.status, refused.code]).toEqual([503, 'unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await sessionRow(service, device.sessionId)).generation).toBe('1');
    expect((await device.refresh()).status).toBe(200);
    expect(await device.access()).toBeNull();
  });

  test('waits for it and is answered, when it comes in time', async () => {
    const device = await Device.register(service);
    const lock = await holdSession(service.db, device.sessionId);
    const pending = Promise.all(Array.from({ length: 3 }, () => refreshWith(device.refreshToken)));
    await poll(async () => (await lock.waiting()) === 3);
    await lock.release();
    const answers = await pending;
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
  });

  test('of a replay that cannot be recorded claims nothing: asked again, it ends the session', async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    await device.refresh();
    await device.refresh();
    const lock = await holdLock(service.db, 'select 1 from revocation_head for update');
    const refused = await refreshWith(first).finally(() => lock.release());
    expect([refused.status, refused.code]).toEqual([503, 'unavailable']);
    expect((await sessionRow(service, device.sessionId)).ended_at).toBeNull();
    expect(await device.access()).toBeNull();
    expect((await refreshWith(first)).code).toBe('refresh_token_reused');
    expect(await device.access()).toBe('session_ended');
  });
});

test('a refresh whose connection is killed before the commit leaves the older token working', async () => {
  const device = await Device.register(service);
  const lock = await holdSession(service.db, device.sessionId);
  const pending = refreshWith(device.refreshToken);
  await poll(async () => (await lock.waiting()) === 1);
  await lock.killWaiting();
  const killed = await pending;
  await lock.release();
  expect([killed.status, killed.code]).toEqual([503, 'unavailable']);
  expect((await sessionRow(service, device.sessionId)).generation).toBe('1');
  expect((await device.refresh()).status).toBe(200);
  expect((await sessionRow(service, device.sessionId)).generation).toBe('2');
});

test('an end whose connection is killed before the commit ends nothing and claims nothing', async () => {
  const device = await Device.register(service);
  const lock = await holdLock(service.db, 'select 1 from revocation_head for update');
  const pending = device.send('/v1/auth/logout', { method: 'POST' });
  await poll(async () => (await lock.waiting()) === 1);
  await lock.killWaiting();
  const killed = await pending;
  await lock.release();
  expect(killed.status).toBe(503);
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});
