import { jest } from '@jest/globals';
import { claimsOf } from './support/access-token.js';
import { addApplication } from './support/applications.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { holdLock } from './support/held-lock.js';
import { OPERATORS_REVOKES, type Revoke } from './support/operators-revokes.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { poll } from './support/poll.js';
import { change } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

const NEW_PASSWORD = 'difference engine 1822';
const ROUNDS = 4;
/** Sign-ins stop in the middle of their insert while the test holds this advisory lock. */
const GATE = 1843;
/** An application that can be disabled, which the built-in one cannot. */
const SHOP = 'shop';

let service: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  await addApplication(service, { id: SHOP });
  await service.db.query(`
    create function pass_gate() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(${GATE}); return new; end';
    create trigger gate before insert on sessions for each row execute function pass_gate()`);
});
afterAll(() => service.stop());
// A pause that no request came to, in a test that failed, would stop one of the next.
afterEach(() => void jest.restoreAllMocks());

const signOutEverywhere = (by: Device) => by.send('/v1/auth/logout-all', { method: 'POST' });
const changePassword = (by: Device, newPassword = NEW_PASSWORD) =>
  by.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword } });
const deleteAccount = (by: Device) => by.send('/v1/users/me', { method: 'DELETE' });

/** `retried`: what a sign-in gets that starts again afterwards. */
const REVOKES: [name: string, revoke: Revoke, retried: string | null, applicationId: string][] = [
  ['a sign-out everywhere', signOutEverywhere, null, 'account'],
  ['a password change', (by) => changePassword(by), 'credentials_invalid', 'account'],
  ['the deletion of the account', deleteAccount, 'credentials_invalid', 'account'],
  ...OPERATORS_REVOKES.map(([name, revoke]): (typeof REVOKES)[number] => [name, revoke, null, SHOP]),
];

/** What a sign-in may be told while it is being revoked. */
const REFUSED = ['credentials_invalid', 'account_suspended', 'application_disabled'];

describe.each(REVOKES)('a sign-in against %s', (_, revoke, retried, applicationId) => {
  const register = () => Device.register(service, { applicationId });
  const signIn = ({ email }: Device) => new Device(service, email).login({ applicationId });

  test('at the same time leaves nothing of the older version', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const owner = await register();
      const signIns = Array.from({ length: 3 }, () => signIn(owner));
      if (round % 2) await Promise.race(signIns);
      expect((await revoke(owner)).status).toBeLessThan(300);
      for (const answer of await Promise.all(signIns)) {
        if (answer.status !== 200) expect(REFUSED).toContain(answer.code);
        // Good is only what came after the revocation and so bears the new version.
        else expect(await works(answer.body, applicationId)).toBe(isNewer(answer.body.accessToken, owner.accessToken));
      }
    }
  });

  test('between the check of the password and the insert starts again with the account as it is then', async () => {
    const owner = await register();
    const first = pauseAfterPasswordCheck(service);
    const pending = signIn(owner);
    await first.checked;
    expect((await revoke(owner)).status).toBeLessThan(300);
    const again = pauseAfterPasswordCheck(service);
    first.goOn();
    expect(await firstOf({ checked: again.checked, answered: pending })).toBe('checked');
    again.goOn();
    const answer = await pending;
    expect(answer.code).toBe(retried);
    if (answer.status === 200) expect(await works(answer.body, applicationId)).toBe(true);
    const rows = await service.db.query('select 1 from sessions where user_id = $1', [owner.userId]);
    expect(rows).toHaveLength(answer.status === 200 ? 2 : 1);
  });

  test('in the middle of the insert gives a session that has ended, and tokens that do not work', async () => {
    const owner = await register();
    const gate = await holdLock(service.db, 'select pg_advisory_xact_lock($1)', [GATE]);
    const pending = signIn(owner);
    await poll(async () => (await gate.waiting()) === 1);
    expect((await revoke(owner)).status).toBeLessThan(300);
    await gate.release();
    const answer = await pending;
    // The password was right when it was asked for; the session was inserted after all had been ended.
    expect(answer.status).toBe(200);
    expect(await works(answer.body, applicationId)).toBe(false);
  });
});

describe.each(OPERATORS_REVOKES.slice(0, 3))('a registration against %s', (_, revoke) => {
  test('between the account and its session starts again with a sign-in', async () => {
    const owner = await Device.register(service, { applicationId: SHOP });
    // Nothing but the insert of the session waits for it, and that before it looks at any row.
    const lock = await holdLock(service.db, 'lock table sessions in share mode');
    const { checked, goOn } = pauseAfterPasswordCheck(service);
    const body = { email: newEmail(), password: PASSWORD, delivery: 'body', applicationId: SHOP };
    const pending = send(service, '/v1/auth/register', { body });
    await poll(async () => (await lock.waiting()) === 1);
    expect((await revoke(owner)).status).toBeLessThan(300);
    await lock.release();
    expect(await firstOf({ checked, answered: pending })).toBe('checked');
    goOn();
    const answer = await pending;
    expect(answer.status).toBe(201);
    expect(await works(answer.body, SHOP)).toBe(true);
  });
});

test('a version of the application that was raised while the password was checked, and ended nothing, ends no sign-in', async () => {
  const owner = await Device.register(service, { applicationId: SHOP });
  const { checked, goOn } = pauseAfterPasswordCheck(service);
  const device = new Device(service, owner.email);
  const pending = device.login({ applicationId: SHOP });
  await checked;
  const minVersion = await outdateTokensOf(SHOP);
  const again = pauseAfterPasswordCheck(service);
  goOn();
  expect(await firstOf({ checked: again.checked, answered: pending })).toBe('answered');
  expect((await pending).status).toBe(200);
  expect(claimsOf(device.accessToken)['aver']).toBe(minVersion);
  expect(await works(device, SHOP)).toBe(true);
});

/** As an operator's act would that outdates all access tokens of an application and ends nothing; its new version. */
async function outdateTokensOf(applicationId: string): Promise<number> {
  const [row] = await service.db.query<{ version: number }>(
    'select token_version::float8 + 1 as version from applications where id = $1',
    [applicationId],
  );
  const minVersion = row!.version;
  await change(service, `update applications set token_version = ${minVersion} where id = '${applicationId}'`, {
    kind: 'application',
    subject: applicationId,
    minVersion,
  });
  return minVersion;
}

/** Which of them comes first, by its name. */
function firstOf(pending: Record<string, Promise<unknown>>): Promise<string> {
  return Promise.race(Object.entries(pending).map(([name, promise]) => promise.then(() => name)));
}

/** Whether the tokens of a sign-in work; both must say the same. */
async function works(
  { accessToken, refreshToken }: { accessToken: string; refreshToken: string },
  applicationId: string,
): Promise<boolean> {
  const access = await send(service, '/v1/sessions/current', { token: accessToken });
  const refresh = await send(service, '/v1/auth/refresh', { body: { refreshToken, applicationId } });
  if (access.status !== 200) expect(access.code).toBe('token_outdated');
  expect(refresh.code).toBe(access.status === 200 ? null : 'session_ended');
  return access.status === 200;
}

/** Whether the account or the application had another version when `accessToken` was issued than when `before` was. */
function isNewer(accessToken: string, before: string): boolean {
  const [now, then] = [claimsOf(accessToken), claimsOf(before)];
  return now['ver'] > then['ver'] || now['aver'] > then['aver'];
}
