import { Device, PASSWORD, send, type Answer } from './support/device.js';
import { holdLock } from './support/held-lock.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

const NEW_PASSWORD = 'difference engine 1822';
const ROUNDS = 4;
/** Sign-ins stop in the middle of their insert while the test holds this advisory lock. */
const GATE = 1843;

let service: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  await service.db.query(`
    create function pass_gate() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(${GATE}); return new; end';
    create trigger gate before insert on sessions for each row execute function pass_gate()`);
});
afterAll(() => service.stop());

const signOutEverywhere = (by: Device) => by.send('/v1/auth/logout-all', { method: 'POST' });
const changePassword = (by: Device, newPassword = NEW_PASSWORD) =>
  by.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword } });
const deleteAccount = (by: Device) => by.send('/v1/users/me', { method: 'DELETE' });

const REVOKES: [name: string, revoke: (by: Device) => Promise<Answer>, retried: string | null][] = [
  ['a sign-out everywhere', signOutEverywhere, null],
  ['a password change', (by) => changePassword(by), 'credentials_invalid'],
  ['the deletion of the account', deleteAccount, 'credentials_invalid'],
];

describe.each(REVOKES)('a sign-in against %s', (_, revoke, retried) => {
  test('at the same time leaves nothing of the older version', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const owner = await Device.register(service);
      const before = versionIn(owner.accessToken);
      const signIns = Array.from({ length: 3 }, () => new Device(service, owner.email).login());
      if (round % 2) await Promise.race(signIns);
      expect((await revoke(owner)).status).toBeLessThan(300);
      for (const signIn of await Promise.all(signIns)) {
        if (signIn.status !== 200) expect(signIn.code).toBe('credentials_invalid');
        // Good is only what came after the revocation and so bears the new version.
        else expect(await works(signIn.body)).toBe(versionIn(signIn.body.accessToken) > before);
      }
    }
  });

  test('between the check of the password and the insert starts again with the account as it is then', async () => {
    const owner = await Device.register(service);
    const { checked, goOn } = pauseAfterPasswordCheck(service);
    const device = new Device(service, owner.email);
    const pending = device.login();
    await checked;
    expect((await revoke(owner)).status).toBeLessThan(300);
    goOn();
    const signIn = await pending;
    expect(signIn.code).toBe(retried);
    if (signIn.status === 200) expect(await works(signIn.body)).toBe(true);
    const rows = await service.db.query('select 1 from sessions where user_id = $1', [owner.userId]);
    expect(rows).toHaveLength(signIn.status === 200 ? 2 : 1);
  });

  test('in the middle of the insert gives a session that has ended, and tokens that do not work', async () => {
    const owner = await Device.register(service);
    const gate = await holdLock(service.db, 'select pg_advisory_xact_lock($1)', [GATE]);
    const pending = new Device(service, owner.email).login();
    await poll(async () => (await gate.waiting()) === 1);
    expect((await revoke(owner)).status).toBeLessThan(300);
    await gate.release();
    const signIn = await pending;
    // The password was right when it was asked for; the session was inserted after all had been ended.
    expect(signIn.status).toBe(200);
    expect(await works(signIn.body)).toBe(false);
  });
});

/** Whether the tokens of a sign-in work; both must say the same. */
async function works({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }): Promise<boolean> {
  const access = await send(service, '/v1/users/me', { token: accessToken });
  const refresh = await send(service, '/v1/auth/refresh', { body: { refreshToken } });
  if (access.status !== 200) expect(access.code).toBe('token_outdated');
  expect(refresh.code).toBe(access.status === 200 ? null : 'session_ended');
  return access.status === 200;
}

function versionIn(accessToken: string): number {
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()).ver;
}
