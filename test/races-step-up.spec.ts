import { addApplication } from './support/applications.js';
import { Device, PASSWORD, send, type Answer } from './support/device.js';
import { holdSession } from './support/held-lock.js';
import { OPERATORS_REVOKES } from './support/operators-revokes.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const NEW_PASSWORD = 'difference engine 1822';
const ROUNDS = 4;
/** An application that can be disabled, which the built-in one cannot. */
const SHOP = 'shop';

let service: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  await addApplication(service, { id: SHOP });
});
afterAll(() => service.stop());

const signOutEverywhere = (by: Device) => by.send('/v1/auth/logout-all', { method: 'POST' });
const changePassword = (by: Device, newPassword = NEW_PASSWORD) =>
  by.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword } });
const reauthenticate = (by: Device) => by.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } });

type RevokeOne = (by: Device, device: Device) => Promise<{ status: number }>;

const REVOKES: [name: string, revoke: RevokeOne, applicationId: string][] = [
  ['a sign-out everywhere', signOutEverywhere, 'account'],
  ['a password change by another device', (by) => changePassword(by), 'account'],
  [
    'its end by another device',
    (by, { sessionId }) => by.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' }),
    'account',
  ],
  ['its own sign-out', (_, device) => device.send('/v1/auth/logout', { method: 'POST' }), 'account'],
  ['the deletion of the account', (by) => by.send('/v1/users/me', { method: 'DELETE' }), 'account'],
  ...OPERATORS_REVOKES.map(([name, revoke]): (typeof REVOKES)[number] => [name, revoke, SHOP]),
];

describe.each(REVOKES)('a reauthentication against %s', (_, revoke, applicationId) => {
  const pair = async () => {
    const by = await Device.register(service, { applicationId });
    return [by, await by.another({ applicationId })] as const;
  };

  test('at the same time never revives the session', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [by, device] = await pair();
      const pending = reauthenticate(device);
      expect((await revoke(by, device)).status).toBeLessThan(300);
      await expectEnded(device, await pending);
    }
  });

  test('between the check of the password and the re-issue does not revive it', async () => {
    const [by, device] = await pair();
    const { checked, goOn } = pauseAfterPasswordCheck(service);
    const pending = reauthenticate(device);
    await checked;
    expect((await revoke(by, device)).status).toBeLessThan(300);
    goOn();
    const answer = await pending;
    expect(['session_ended', 'credentials_invalid']).toContain(answer.code);
    await expectEnded(device, answer);
  });

  test('while the re-issue waits for the session does not revive it', async () => {
    const [by, device] = await pair();
    const lock = await holdSession(service.db, device.sessionId);
    const pending = reauthenticate(device);
    await poll(async () => (await lock.waiting()) === 1);
    const revoking = revoke(by, device);
    // A revocation that needs the row waits behind the re-issue; one that does not has committed.
    await Promise.race([revoking, poll(async () => (await lock.waiting()) === 2)]);
    await lock.release();
    expect((await revoking).status).toBeLessThan(300);
    await expectEnded(device, await pending);
  });
});

test('a reauthentication with a password that the same device has changed meanwhile proves nothing', async () => {
  const device = await Device.register(service);
  const { checked, goOn } = pauseAfterPasswordCheck(service);
  const pending = reauthenticate(device);
  await checked;
  expect((await device.keeping(changePassword(device))).status).toBe(200);
  goOn();
  const answer = await pending;
  expect([answer.status, answer.code]).toEqual([401, 'credentials_invalid']);
  expect(await works(device)).toBe(true);
});

test('of two password changes at once one stands, whole, and the other changed nothing', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const devices = [await Device.register(service)];
    devices.push(await devices[0]!.another());
    const passwords = ['first of two passwords', 'second of two passwords'];
    const answers = await Promise.all(
      devices.map((device, index) => device.keeping(changePassword(device, passwords[index]))),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    const winner = answers.findIndex((answer) => answer.status === 200);
    const loser = answers.findIndex((answer) => answer.status !== 200);
    expect(['credentials_invalid', 'token_outdated', 'session_ended']).toContain(answers[loser]!.code);
    expect(await works(devices[winner]!)).toBe(true);
    expect(await works(devices[loser]!)).toBe(false);
    const signIn = (password?: string) => new Device(service, devices[0]!.email, password).login();
    expect((await signIn(passwords[winner])).status).toBe(200);
    expect((await signIn(passwords[loser])).code).toBe('credentials_invalid');
    expect((await signIn(PASSWORD)).code).toBe('credentials_invalid');
  }
});

test('two reauthentications of one device at once: one refresh token is current, and the session lives', async () => {
  const device = await Device.register(service);
  const answers = await Promise.all([reauthenticate(device), reauthenticate(device)]);
  expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
  expect((await sessionRow(service, device.sessionId)).generation).toBe('3');
  const [older, newer] = answers
    .map(({ body }) => body.refreshToken)
    .toSorted((a, b) => generationOf(a) - generationOf(b));
  expect((await device.refresh(older)).code).toBe('refresh_token_invalid');
  expect((await device.refresh(newer)).status).toBe(200);
  expect(await device.access()).toBeNull();
});

/** Whether the tokens of a device work; both must say the same. */
async function works({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }): Promise<boolean> {
  const access = await send(service, '/v1/users/me', { token: accessToken });
  const refresh = await send(service, '/v1/auth/refresh', { body: { refreshToken } });
  if (access.status !== 200) expect(access.code).toBe('token_outdated');
  expect(refresh.code).toBe(access.status === 200 ? null : 'session_ended');
  return access.status === 200;
}

/** Neither what the device had nor what its reauthentication gave it works. */
async function expectEnded(device: Device, answer: Answer): Promise<void> {
  const given = answer.status === 200 ? [answer.body] : [];
  for (const { accessToken, refreshToken } of [device, ...given]) {
    expect((await send(service, '/v1/sessions/current', { token: accessToken })).status).toBe(401);
    const { applicationId } = device;
    const refresh = await send(service, '/v1/auth/refresh', { body: { refreshToken, applicationId } });
    expect([refresh.status, refresh.code]).toEqual([401, 'session_ended']);
  }
}

function generationOf(refreshToken: string): number {
  return Number(refreshToken.split('.')[2]);
}
