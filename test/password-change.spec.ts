import { jest } from '@jest/globals';
import { rateLimits } from '../src/limits/rate-limits.js';
import { BoundedQueue } from '../src/users/bounded-queue.js';
import { Device, PASSWORD } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => service.stop());

const NEW = 'difference engine 1822';

async function change(device: Device, newPassword = NEW, currentPassword = device.password) {
  const answer = await device.keeping(device.send('/v1/auth/password', { body: { currentPassword, newPassword } }));
  if (answer.status === 200) device.password = newPassword;
  return answer;
}

async function storedOf(device: Device) {
  const [row] = await service.db.query<{ password_hash: string; token_version: string }>(
    'select password_hash, token_version from users where id = $1',
    [device.userId],
  );
  return row!;
}

test('this session stays, with new tokens; all others end; every older access token is outdated', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  const { accessToken, refreshToken, sessionId } = device;
  const answer = await change(device);
  expect([answer.status, answer.body.session.id]).toEqual([200, sessionId]);
  expect(await device.access()).toBeNull();
  expect(await device.send('/v1/users/me', { token: accessToken })).toMatchObject({
    status: 401,
    code: 'token_outdated',
  });
  expect(await other.access()).toBe('token_outdated');
  expect(await other.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
  // The token from before the change is worth nothing, and using it by mistake ends nothing.
  expect((await device.refresh(refreshToken)).code).toBe('refresh_token_invalid');
  expect((await device.refresh()).status).toBe(200);
  expect((await device.send('/v1/sessions')).body.items).toHaveLength(1);
});

test('afterwards the new password signs in and the old one does not', async () => {
  const device = await Device.register(service);
  await change(device);
  expect((await device.login()).status).toBe(200);
  device.password = PASSWORD;
  expect(await device.login()).toMatchObject({ status: 401, code: 'credentials_invalid' });
});

test('a wrong current password changes nothing', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  const before = await storedOf(device);
  const answer = await change(device, NEW, 'not the password');
  expect([answer.status, answer.code]).toEqual([401, 'credentials_invalid']);
  expect(answer.body.detail).toBe('The current password is wrong. Check it and try again.');
  expect(await storedOf(device)).toEqual(before);
  expect([await device.access(), await other.access()]).toEqual([null, null]);
  expect((await other.refresh()).status).toBe(200);
});

test.each([
  ['too short', 'short', 'Use at least 8 characters.'],
  ['common', 'password123', 'This password is among the most common ones: choose another.'],
  ['too long', '\u{1f510}'.repeat(257), 'Use at most 256 characters.'],
])('a new password that is %s: 400 at /newPassword, and nothing changes', async (_what, weak, detail) => {
  const device = await Device.register(service);
  const before = await storedOf(device);
  const answer = await change(device, weak);
  expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
  expect(answer.body.errors).toEqual([{ pointer: '/newPassword', detail }]);
  expect(await storedOf(device)).toEqual(before);
  expect(await device.access()).toBeNull();
});

test.each([
  ['as it is', 'caf\u00e9 au lait 1822', 'caf\u00e9 au lait 1822'],
  ['typed on another keyboard', 'caf\u00e9 au lait 1822', 'cafe\u0301 au lait 1822'],
])(
  'the password one has already, %s: 400 at /newPassword, and no device is signed out',
  async (_how, current, next) => {
    const device = await Device.register(service);
    await change(device, current);
    const other = await device.another();
    const before = await storedOf(device);
    const answer = await change(device, next);
    const detail = 'This is the password you have already.';
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body).toMatchObject({ detail, errors: [{ pointer: '/newPassword', detail }] });
    expect(await storedOf(device)).toEqual(before);
    expect([await device.access(), await other.access()]).toEqual([null, null]);
  },
);

test('a wrong current password that is also the new one is a wrong password, and is counted', async () => {
  const device = await Device.register(service);
  for (let wrong = 0; wrong < rateLimits['step_up.session'].points; wrong++) {
    const answer = await change(device, 'not the password', 'not the password');
    expect([answer.status, answer.code]).toEqual([401, 'credentials_invalid']);
    expect(answer.body.errors).toBeUndefined();
  }
  expect(await change(device)).toMatchObject({ status: 429, code: 'too_many_requests' });
});

test('whether the new password is weak is told only to who knows the current one', async () => {
  const device = await Device.register(service);
  expect((await change(device, 'short', 'not the password')).code).toBe('credentials_invalid');
});

test('of many changes at once, by several devices, one is made; the account is left with that password', async () => {
  for (let round = 0; round < 3; round++) {
    const device = await Device.register(service);
    const devices = [device, await device.another(), await device.another()];
    const wanted = devices.flatMap((one) =>
      [1, 2].map((n) => ({ one, next: `engine number ${n} of ${one.sessionId}` })),
    );
    const answers = await Promise.all(
      wanted.map(({ one, next }) =>
        one.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword: next } }),
      ),
    );
    const won = answers.findIndex((answer) => answer.status === 200);
    // The others find another password than theirs, or their session or its token gone.
    const losers = answers.filter((_, index) => index !== won);
    for (const loser of losers) {
      expect(['credentials_invalid', 'token_outdated', 'session_ended']).toContain(loser.code);
    }
    device.password = wanted[won]!.next;
    expect((await device.login()).status).toBe(200);
  }
});

test('a change elsewhere in the account while the password is being checked is no reason to refuse', async () => {
  const device = await Device.register(service);
  const hashing = jest.spyOn(BoundedQueue.prototype, 'run');
  hashing.mockImplementationOnce(async (check) => {
    // The credentials have been read. What happens now outdates tokens and ends no session, as a new role does.
    await service.db.query('update users set token_version = token_version + 1 where id = $1', [device.userId]);
    return check();
  });
  expect((await change(device)).status).toBe(200);
  expect(hashing).toHaveBeenCalledTimes(4);
  hashing.mockRestore();
  expect(await device.access()).toBeNull();
});
