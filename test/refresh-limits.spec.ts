import { RevocationsService } from '../src/revocation/revocations.service.js';
import { LastActivityService } from '../src/sessions/last-activity.service.js';
import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const MINUTE = 60;
const IDLE = { brief: 30 * MINUTE, remembered: 60 * MINUTE };
const MAX = { brief: 120 * MINUTE, remembered: 240 * MINUTE };

let service: Service;

beforeAll(async () => {
  service = await startService({
    env: {
      SESSION_IDLE: `${IDLE.brief}s`,
      SESSION_MAX: `${MAX.brief}s`,
      SESSION_IDLE_REMEMBERED: `${IDLE.remembered}s`,
      SESSION_MAX_REMEMBERED: `${MAX.remembered}s`,
    },
  });
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string) => send(service, '/v1/auth/refresh', { body: { refreshToken } });
const writeActivity = () => service.app.get(LastActivityService).write();

describe.each([
  ['not remembered', false, IDLE.brief, MAX.brief],
  ['remembered', true, IDLE.remembered, MAX.remembered],
])('a session that is %s', (_, remember, idle, max) => {
  test('ends when it is not used for its idle time', async () => {
    const device = await Device.register(service, { remember });
    await service.advance(idle - 5);
    expect((await device.refresh()).status).toBe(200);
    await service.advance(idle + 1);
    const late = await device.refresh();
    expect([late.status, late.code]).toEqual([401, 'session_ended']);
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('ends at the absolute end, however much it is used', async () => {
    const device = await Device.register(service, { remember });
    const step = idle / 2;
    for (let passed = step; passed < max; passed += step) {
      await service.advance(step);
      expect((await device.refresh()).status).toBe(200);
    }
    await service.advance(step);
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('has its absolute end fixed at sign-in', async () => {
    const device = await Device.register(service, { remember });
    const { expires_at: end, created_at: start } = await sessionRow(service, device.sessionId);
    expect(Date.parse(end!) - Date.parse(start!)).toBe(max * 1000);
    for (let round = 0; round < 3; round++) {
      await service.advance(idle / 4);
      const { session } = (await device.refresh()).body;
      expect(Date.parse(session.expiresAt)).toBe(Math.floor(Date.parse(end!)));
    }
    expect((await sessionRow(service, device.sessionId)).expires_at).toBe(end);
  });

  test('gives no access token that outlives it', async () => {
    const device = await Device.register(service, { remember });
    const end = Date.parse((await sessionRow(service, device.sessionId)).expires_at!) / 1000;
    const stops = [idle - 10, max - 400, max - 100, max - 3];
    let passed = 0;
    for (const stop of stops) {
      while (passed < stop) {
        const step = Math.min(idle - 10, stop - passed);
        await service.advance(step);
        passed += step;
        const { status, body } = await device.refresh();
        expect(status).toBe(200);
        const { exp, iat } = claimsOf(body.accessToken);
        expect(exp).toBeLessThanOrEqual(end);
        expect(body.expiresIn).toBe(exp - iat);
        expect(body.expiresIn).toBeLessThanOrEqual(10 * MINUTE);
        expect(Date.parse(body.session.idleExpiresAt)).toBeLessThanOrEqual(Math.ceil(end * 1000));
      }
    }
    expect(await device.access()).toBeNull();
    // Past the end by more than the clocks of two machines may differ.
    await service.advance(10);
    expect(await device.access()).toBe('token_expired');
  });
});

describe('the idle end', () => {
  test('is put off by the use of an access token, once that is written', async () => {
    const device = await Device.register(service);
    await service.advance(9 * MINUTE);
    expect(await device.access()).toBeNull();
    await writeActivity();
    await service.advance(IDLE.brief - MINUTE);
    expect((await device.refresh()).status).toBe(200);
  });

  test.each<[string, (device: Device) => Promise<unknown>]>([
    ['asking for the session itself', (device) => device.send('/v1/sessions/current')],
    ['a request without a token', () => send(service, '/v1/users/me')],
    ['a refused request', (device) => device.send('/v1/users/me', { token: `${device.accessToken}x` })],
    ['a refused refresh', (device) => refreshWith(`${device.refreshToken}x`)],
  ])('is not put off by %s', async (_, act) => {
    const device = await Device.register(service);
    await service.advance(9 * MINUTE);
    await act(device);
    await writeActivity();
    await service.advance(IDLE.brief - 9 * MINUTE + 1);
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('is final: word of a use that comes after it revives nothing', async () => {
    const device = await Device.register(service);
    await service.advance(9 * MINUTE);
    expect(await device.access()).toBeNull();
    await service.advance(IDLE.brief - 9 * MINUTE + 1);
    expect((await refreshWith(device.refreshToken)).code).toBe('session_ended');
    await writeActivity();
    expect((await refreshWith(device.refreshToken)).code).toBe('session_ended');
  });

  test('takes the session out of the list, and asking for it says so', async () => {
    const device = await Device.register(service, { remember: true });
    const brief = await device.another();
    await service.advance(IDLE.brief + 1);
    await device.refresh();
    const { items } = (await device.send('/v1/sessions')).body;
    expect(items.map((item: { id: string }) => item.id)).toEqual([device.sessionId]);
    const rename = await device.send(`/v1/sessions/${brief.sessionId}`, { method: 'PATCH', body: { name: 'Gone' } });
    expect([rename.status, rename.code]).toEqual([404, 'not_found']);
  });
});

describe('the account', () => {
  /** As an administrator's suspension does it: the state and its log row in one transaction. */
  async function suspend({ userId }: Device): Promise<void> {
    await service.app.get(RevocationsService).commit(async (tx) => {
      const [row] = await tx.query<{ token_version: string }>(
        `update users set status = 'suspended', token_version = token_version + 1, sessions_floor = token_version + 1
          where id = $1 returning token_version`,
        [userId],
      );
      const revocation = { kind: 'user' as const, subject: userId, minVersion: Number(row!.token_version) };
      return { result: undefined, revocations: [{ ...revocation, suspended: true, reason: 'test', actor: 'system' }] };
    });
  }

  test('suspended: a refresh gets account_suspended, also with an older token, and nothing is ended as a theft', async () => {
    const device = await Device.register(service);
    const older = device.refreshToken;
    await device.refresh();
    await device.refresh();
    await suspend(device);
    for (const token of [older, device.refreshToken]) {
      const answer = await refreshWith(token);
      expect([answer.status, answer.code, answer.body.action]).toEqual([403, 'account_suspended', 'sign_in']);
    }
    expect(await device.access()).toBe('account_suspended');
    expect((await sessionRow(service, device.sessionId)).ended_at).toBeNull();
  });

  test('no longer suspended: what ended stays ended', async () => {
    const device = await Device.register(service);
    await suspend(device);
    await service.db.query(`update users set status = 'active' where id = $1`, [device.userId]);
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('suspended in the row alone: a refresh reads the account anew', async () => {
    const device = await Device.register(service);
    await service.db.query(`update users set status = 'suspended' where id = $1`, [device.userId]);
    expect((await device.refresh()).code).toBe('account_suspended');
  });

  test('deleted: a refresh gets session_ended, on every device', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    expect((await device.send('/v1/users/me', { method: 'DELETE' })).status).toBe(204);
    for (const one of [device, other]) {
      const answer = await refreshWith(one.refreshToken);
      expect([answer.status, answer.code]).toEqual([401, 'session_ended']);
      expect(await one.access()).toBe('token_outdated');
    }
  });

  test('in an application that is disabled: a refresh gets application_disabled', async () => {
    const device = await Device.register(service);
    await service.db.query(`update applications set enabled = false where id = 'account'`);
    try {
      const answer = await refreshWith(device.refreshToken);
      expect([answer.status, answer.code]).toEqual([403, 'application_disabled']);
    } finally {
      await service.db.query(`update applications set enabled = true where id = 'account'`);
    }
  });

  test("signed out with its application's people: a refresh gets session_ended, and a new sign-in works", async () => {
    const device = await Device.register(service);
    await service.db.query(
      `update applications set token_version = token_version + 1, sessions_floor = token_version + 1 where id = 'account'`,
    );
    expect((await device.refresh()).code).toBe('session_ended');
    await device.login();
    expect((await device.refresh()).status).toBe(200);
  });
});

function claimsOf(accessToken: string): { exp: number; iat: number } {
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString());
}
