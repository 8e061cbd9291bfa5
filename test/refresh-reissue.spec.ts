import { Device, PASSWORD, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const NEW_PASSWORD = 'difference engine 1822';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string) => send(service, '/v1/auth/refresh', { body: { refreshToken } });

/** What gives a session new tokens with a new secret. */
const REISSUES: [name: string, reissue: (device: Device) => Promise<Answer>][] = [
  ['a reauthentication', (device) => device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } })],
  [
    'a password change',
    (device) => device.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD } }),
  ],
];

describe.each(REISSUES)('%s', (_, reissue) => {
  test('keeps the session, with new tokens that work', async () => {
    const device = await Device.register(service);
    await device.refresh();
    const answer = await device.keeping(reissue(device));
    expect(answer.status).toBe(200);
    expect(answer.body.session.id).toBe(device.sessionId);
    expect(await device.access()).toBeNull();
    expect((await device.refresh()).status).toBe(200);
  });

  test('makes a new secret: the new token cannot be made from the older one', async () => {
    const device = await Device.register(service);
    const older = device.refreshToken;
    await device.keeping(reissue(device));
    expect(device.refreshToken.split('.')[3]).not.toBe(older.split('.')[3]);
  });

  test('is not crossed by the grace: within it the older token gets nothing, and nothing changes', async () => {
    const device = await Device.register(service);
    const older = device.refreshToken;
    await device.keeping(reissue(device));
    const before = await sessionRow(service, device.sessionId);
    const refused = await refreshWith(older);
    expect([refused.status, refused.code]).toEqual([401, 'refresh_token_invalid']);
    expect(await sessionRow(service, device.sessionId)).toEqual(before);
    expect(await device.access()).toBeNull();
    expect((await device.refresh()).status).toBe(200);
  });

  test('leaves the token before the older one a replay even within the grace', async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    await device.refresh();
    await device.keeping(reissue(device));
    expect((await refreshWith(first)).code).toBe('refresh_token_reused');
    expect(await device.access()).toBe('session_ended');
    expect((await refreshWith(device.refreshToken)).code).toBe('session_ended');
  });

  test('makes the older token a replay once the grace is over', async () => {
    const device = await Device.register(service);
    const older = device.refreshToken;
    await device.keeping(reissue(device));
    await service.advance(11);
    expect((await refreshWith(older)).code).toBe('refresh_token_reused');
    expect((await refreshWith(device.refreshToken)).code).toBe('session_ended');
  });

  test('has a grace of its own afterwards', async () => {
    const device = await Device.register(service);
    await device.keeping(reissue(device));
    const lost = device.refreshToken;
    const first = await device.refresh();
    expect((await refreshWith(lost)).body.refreshToken).toBe(first.body.refreshToken);
  });

  test('twice makes the tokens of the first time worthless, and nothing else', async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    await device.keeping(reissue(device));
    await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: await passwordOf(device) } }));
    expect((await refreshWith(first)).code).toBe('refresh_token_invalid');
    expect(await device.access()).toBeNull();
    expect((await device.refresh()).status).toBe(200);
  });

  test('is a use of the session, and the proof of who it is', async () => {
    const device = await Device.register(service);
    await service.advance(300);
    await device.keeping(reissue(device));
    const row = await sessionRow(service, device.sessionId);
    expect(Date.parse(row.last_active_at!) - Date.parse(row.created_at!)).toBeGreaterThanOrEqual(300_000);
    expect(row.authenticated_at).toBe(row.last_active_at);
    expect(row.rotated_at).toBe(row.last_active_at);
  });

  test('does not put off the absolute end', async () => {
    const device = await Device.register(service);
    const { expires_at: end } = await sessionRow(service, device.sessionId);
    await service.advance(300);
    const answer = await device.keeping(reissue(device));
    expect((await sessionRow(service, device.sessionId)).expires_at).toBe(end);
    expect(Date.parse(answer.body.session.expiresAt)).toBe(Math.floor(Date.parse(end!)));
  });

  test('does not revive a session that has ended', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    await service.db.query(`update sessions set ended_at = now(), end_reason = 'test' where id = $1`, [
      device.sessionId,
    ]);
    // The row alone: the access token has not been refused yet, as on an instance that does not know.
    const answer = await reissue(device);
    expect([answer.status, answer.code]).toEqual([401, 'session_ended']);
    expect((await refreshWith(device.refreshToken)).code).toBe('session_ended');
    // Nothing else happened either: the password is the old one, and the other device stays.
    expect((await other.refresh()).status).toBe(200);
    expect((await device.login()).status).toBe(200);
  });
});

test('a reauthentication renews auth_time and outdates nothing', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  const older = device.accessToken;
  await service.advance(120);
  await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }));
  expect(authTime(device.accessToken) - authTime(older)).toBeGreaterThanOrEqual(120);
  expect((await device.send('/v1/users/me', { token: older })).status).toBe(200);
  expect(await other.access()).toBeNull();
  await device.refresh();
  expect(authTime(device.accessToken) - authTime(older)).toBeGreaterThanOrEqual(120);
});

test('a password change ends the other sessions and outdates every access token', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  const older = device.accessToken;
  const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  await device.keeping(device.send('/v1/auth/password', { body }));
  expect((await device.send('/v1/users/me', { token: older })).code).toBe('token_outdated');
  expect(await other.access()).toBe('token_outdated');
  expect((await other.refresh()).code).toBe('session_ended');
  expect((await device.send('/v1/sessions')).body.items).toHaveLength(1);
});

async function passwordOf(device: Device): Promise<string> {
  const { status } = await device.another().then(
    () => ({ status: 200 }),
    () => ({ status: 401 }),
  );
  return status === 200 ? PASSWORD : NEW_PASSWORD;
}

function authTime(accessToken: string): number {
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()).auth_time;
}
