import { Device } from './support/device.js';
import { openEvents } from './support/events.js';
import { changeAccount } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService();
  other = await startService({ besides: service });
});
afterAll(async () => {
  await other.stop();
  await service.stop();
});

test('a stream tells that it is there, and a private route it is', async () => {
  const device = await Device.register(service);
  const events = await openEvents(service, device.accessToken);
  expect(await events.next()).toEqual({ type: 'ready', data: {} });
  await events.close();
  expect((await device.send('/v1/sessions/current/events', { token: null })).code).toBe('token_missing');
});

test.each([
  [
    'ended_by_user',
    (owner: Device, victim: Device) => owner.send(`/v1/sessions/${victim.sessionId}`, { method: 'DELETE' }),
  ],
  ['signed_out', (_: Device, victim: Device) => victim.send('/v1/auth/logout', { method: 'POST' })],
  ['signed_out_everywhere', (owner: Device) => owner.send('/v1/auth/logout-all', { method: 'POST' })],
  [
    'password_changed',
    (owner: Device) =>
      owner.send('/v1/auth/password', {
        body: { currentPassword: owner.password, newPassword: 'difference engine 1822' },
      }),
  ],
  ['account_deleted', (owner: Device) => owner.send('/v1/users/me', { method: 'DELETE' })],
])('the end of a session reaches its stream with the reason %s, and so does a refresh', async (reason, act) => {
  const owner = await Device.register(service);
  const victim = await owner.another();
  const events = await openEvents(service, victim.accessToken);
  await events.until('ready');

  expect((await act(owner, victim)).status).toBeLessThan(300);

  expect(await events.until('ended')).toEqual({ type: 'ended', data: { code: 'session_ended', reason } });
  expect(await events.next()).toBeNull();
  const refused = await victim.refresh();
  expect([refused.code, refused.body.reason]).toEqual(['session_ended', reason]);
});

test('the end of a session reaches a stream at another instance', async () => {
  const owner = await Device.register(service);
  const victim = await owner.another();
  const events = await openEvents(other, victim.accessToken);
  await events.until('ready');
  await owner.send(`/v1/sessions/${victim.sessionId}`, { method: 'DELETE' });
  expect(await events.until('ended')).toMatchObject({ data: { reason: 'ended_by_user' } });
});

test('an outdated token ends its stream with the word to refresh', async () => {
  const device = await Device.register(service);
  const events = await openEvents(service, device.accessToken);
  await events.until('ready');
  await changeAccount(service, device.userId, { roles: ['editor'] });
  expect(await events.until('outdated')).toEqual({ type: 'outdated', data: {} });
  expect(await events.next()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});

test('a stream outlives its access token as long as its session lives, and tells of its end', async () => {
  const owner = await Device.register(service);
  const untouched = await owner.another();
  const events = await openEvents(service, untouched.accessToken);
  await events.until('ready');
  await service.advance(3 * service.config.accessTokenTtl);
  await owner.refresh();
  expect((await owner.send(`/v1/sessions/${untouched.sessionId}`, { method: 'DELETE' })).status).toBe(204);
  expect(await events.until('ended')).toMatchObject({ data: { reason: 'ended_by_user' } });
});

test('a stream does not outlive a session that nobody ended, but time', async () => {
  const device = await Device.register(service);
  const events = await openEvents(service, device.accessToken);
  await events.until('ready');
  await service.advance(service.config.sessionIdle + 1);
  expect(await events.until('ended')).toEqual({
    type: 'ended',
    data: { code: 'session_ended', reason: 'expired' },
  });
  expect(await events.next()).toBeNull();
});

test('a stream tells of new ends after a refresh, and of devices that come and go', async () => {
  const device = await Device.register(service);
  const stranger = await Device.register(service);
  const events = await openEvents(service, device.accessToken);
  await events.until('ready');
  const renewed = await device.refresh();
  expect(await events.until('renewed')).toEqual({
    type: 'renewed',
    data: { expiresAt: renewed.body.session.expiresAt, idleExpiresAt: renewed.body.session.idleExpiresAt },
  });
  await stranger.another();
  const second = await device.another();
  expect((await events.next())?.type).toBe('devices_changed');
  await second.send(`/v1/sessions/${second.sessionId}`, { method: 'PATCH', body: { name: 'Kitchen' } });
  expect((await events.next())?.type).toBe('devices_changed');
  await events.close();
});

test('listening is no use of the session', async () => {
  const device = await Device.register(service);
  const before = await device.send('/v1/sessions/current');
  await service.advance(60);
  const events = await openEvents(service, device.accessToken);
  await events.until('ready');
  await events.close();
  expect((await device.send('/v1/sessions/current')).body.lastActiveAt).toBe(before.body.lastActiveAt);
});
