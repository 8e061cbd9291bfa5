import { claimsOf } from './support/access-token.js';
import { Device, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const deleteAccount = (device: Device) => device.send('/v1/users/me', { method: 'DELETE' });

/** An hour and a minute later; its access token is fresh, the proof of who it is is not. */
async function afterAnHour(device: Device): Promise<void> {
  await service.advance(3_660);
  await device.refresh();
}

describe('Deleting the account', () => {
  test('wants a sign-in within the hour: 401 with the age that is accepted, and nothing is deleted', async () => {
    const device = await Device.register(service);
    await afterAnHour(device);
    const answer = await deleteAccount(device);
    expect([answer.status, answer.code]).toEqual([401, 'reauthentication_required']);
    expect(answer.body).toMatchObject({ action: 'reauthenticate', maxAge: 3_600 });
    expect(answer.headers.get('www-authenticate')).toContain('max_age="3600"');
    expect(await device.access()).toBeNull();

    expect(
      (await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }))).status,
    ).toBe(200);
    expect((await deleteAccount(device)).status).toBe(204);
  });

  test('ends everything: access tokens are outdated, refreshing says that the session ended, signing in fails', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    expect((await deleteAccount(device)).status).toBe(204);
    for (const one of [device, other]) {
      expect(await one.access()).toBe('token_outdated');
      expect(await one.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
    }
    expect(await device.login()).toMatchObject({ status: 401, code: 'credentials_invalid' });
  });

  test('keeps nothing personal in the account, and its id forever', async () => {
    const device = await Device.register(service, { name: 'Ada' });
    await deleteAccount(device);
    const [row] = await service.db.query('select email, name, password_hash, status from users where id = $1', [
      device.userId,
    ]);
    expect(row).toEqual({ email: null, name: null, password_hash: null, status: 'deleted' });
  });

  test('frees the address: who registers it next is somebody else', async () => {
    const device = await Device.register(service);
    const { email, userId } = device;
    await deleteAccount(device);
    const next = await send(service, '/v1/auth/register', { body: { email, password: PASSWORD, delivery: 'body' } });
    expect(next.status).toBe(201);
    expect(next.body.user.id).not.toBe(userId);
    expect(claimsOf(next.body.accessToken).sub).toBe(next.body.user.id);
    const activity = await send(service, '/v1/users/me/activity', { token: next.body.accessToken });
    expect(activity.body.items.map((item: { type: string }) => item.type)).not.toContain('account.deleted');
    expect(await device.access()).toBe('token_outdated');
  });

  test('at once from two devices: once', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const answers = await Promise.all([deleteAccount(device), deleteAccount(other), deleteAccount(device)]);
    expect(answers.filter((answer) => answer.status === 204)).toHaveLength(1);
    expect(answers.every((answer) => answer.status < 500)).toBe(true);
    const rows = await service.db.query(`select 1 from audit_events where user_id = $1 and type = 'account.deleted'`, [
      device.userId,
    ]);
    expect(rows).toHaveLength(1);
  });
});

describe('Proving again who one is', () => {
  test('gives tokens of the same session with a new time of proof', async () => {
    const device = await Device.register(service);
    const before = claimsOf(device.accessToken);
    await afterAnHour(device);
    expect(claimsOf(device.accessToken).auth_time).toBe(before.auth_time);
    const answer = await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }));
    expect(answer.status).toBe(200);
    const claims = claimsOf(device.accessToken);
    expect(claims).toMatchObject({ sub: before.sub, sid: before.sid });
    expect(claims.auth_time).toBeGreaterThanOrEqual(before.auth_time + 3_660);
    expect((await device.refresh()).status).toBe(200);
    expect(claimsOf(device.accessToken).auth_time).toBe(claims.auth_time);
  });

  test('with a wrong password: 401 that speaks of the password alone; tokens and time of proof stay', async () => {
    const device = await Device.register(service);
    await afterAnHour(device);
    const answer = await device.send('/v1/auth/reauthenticate', { body: { password: 'not the password' } });
    expect([answer.status, answer.code]).toEqual([401, 'credentials_invalid']);
    expect(answer.body.detail).toBe('The current password is wrong. Check it and try again.');
    expect((await deleteAccount(device)).code).toBe('reauthentication_required');
    expect((await device.refresh()).status).toBe(200);
  });

  test('without an access token, or after sign-out: 401', async () => {
    const device = await Device.register(service);
    expect(await send(service, '/v1/auth/reauthenticate', { body: { password: PASSWORD } })).toMatchObject({
      status: 401,
      code: 'token_missing',
    });
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect((await device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } })).code).toBe('session_ended');
  });
});

test('signing out everywhere ends every device, this one too; signing in works again', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  expect((await device.send('/v1/auth/logout-all', { method: 'POST' })).status).toBe(204);
  for (const one of [device, other]) {
    expect(await one.access()).toBe('token_outdated');
    expect(await one.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
  }
  expect((await device.login()).status).toBe(200);
  expect(await device.access()).toBeNull();
});

test('deleting an account forgets where and on what its devices were, those long signed out too', async () => {
  const device = await Device.register(service);
  const gone = await device.another({ deviceName: "Ada's tablet" });
  await gone.send('/v1/auth/logout', { method: 'POST' });
  expect((await device.send('/v1/users/me', { method: 'DELETE' })).status).toBe(204);
  const rows = await service.db.query(
    `select ip, user_agent, name, device ->> 'browser' as browser, end_reason from sessions
      where user_id = $1 order by created_at`,
    [device.userId],
  );
  const forgotten = { ip: null, user_agent: null, name: null, browser: null };
  expect(rows).toEqual([
    { ...forgotten, end_reason: null },
    { ...forgotten, end_reason: 'signed_out' },
  ]);
});
