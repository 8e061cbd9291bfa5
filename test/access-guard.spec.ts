import { Device, send } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { changeAccount } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ extras: { imports: [GuardedRoutesModule] } });
});
afterAll(() => service.stop());

/** Signed in with these roles. */
async function registerAs(...roles: string[]): Promise<Device> {
  const device = await Device.register(service);
  if (roles.length === 0) return device;
  await changeAccount(service, device.userId, { roles });
  await device.refresh();
  return device;
}

describe('a route that says nothing', () => {
  test('is private: without a token 401, and the challenge names no error', async () => {
    const answer = await send(service, '/plain');
    expect(answer).toMatchObject({ status: 401, code: 'token_missing', body: { action: 'refresh' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="portcullis"');
  });

  test('knows who is asking, by the token', async () => {
    const device = await registerAs('editor');
    const { body } = await device.send('/plain');
    expect(body).toMatchObject({ userId: device.userId, sessionId: device.sessionId, roles: ['editor'], amr: ['pwd'] });
    expect(body.claims).toMatchObject({ sub: device.userId, sid: device.sessionId, iss: service.config.publicUrl });
  });

  test('cannot change who is asking, for itself or for the next request', async () => {
    const device = await Device.register(service);
    const { body } = await device.send('/plain', { method: 'POST' });
    expect(body.failed).toEqual(['field', 'role', 'claim', 'deep']);
    expect((await device.send('/plain')).body).toEqual(body.changed);
  });

  test('is private for HEAD, with a query, and for a method that it does not have', async () => {
    expect((await fetch(`${service.url}/plain`, { method: 'HEAD' })).status).toBe(401);
    expect((await send(service, '/plain?x=1')).status).toBe(401);
    expect((await send(service, '/plain', { method: 'DELETE' })).status).toBe(405);
  });
});

describe('@Public', () => {
  test('lets anyone in, also with a token that is no good', async () => {
    for (const token of [null, 'nonsense']) expect((await send(service, '/plain/open', { token })).status).toBe(200);
    expect((await send(service, '/admins/open')).status).toBe(200);
    expect((await send(service, '/open')).status).toBe(200);
  });

  test('has no principal: asking for one is a fault of the programme', async () => {
    const device = await Device.register(service);
    expect(await device.send('/plain/nobody')).toMatchObject({ status: 500, code: 'internal_error' });
  });

  test('on a class opens no route that asks for a role or a recent sign-in', async () => {
    for (const path of ['/open/admins', '/open/recent']) {
      expect(await send(service, path)).toMatchObject({ status: 401, code: 'token_missing' });
    }
    expect(await (await registerAs()).send('/open/admins')).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await (await registerAs('admin')).send('/open/admins')).status).toBe(200);
  });
});

describe('@Roles', () => {
  test.each([
    [['editor'], '/plain/editors', 200],
    [['admin', 'other'], '/plain/editors', 200],
    [['auditor'], '/plain/editors', 403],
    [['Editor'], '/plain/editors', 403],
    [[], '/plain/editors', 403],
    [['admin'], '/admins', 200],
    [['editor'], '/admins', 403],
    [['auditor'], '/admins/auditors', 200],
    [['admin'], '/admins/auditors', 403],
    [['editor'], '/admins/recent', 403],
    [['admin'], '/admins/recent', 200],
  ])('who has %j gets from %s the status %i', async (roles, path, status) => {
    const device = await registerAs(...roles);
    const answer = await device.send(path);
    expect(answer).toMatchObject({ status, code: status === 403 ? 'forbidden' : null });
    if (status === 403) expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  test('go by the token, and a role that is taken away takes the token with it', async () => {
    const device = await registerAs('editor');
    expect((await device.send('/plain/editors')).status).toBe(200);
    await changeAccount(service, device.userId, { roles: [] });
    expect(await device.send('/plain/editors')).toMatchObject({ status: 401, code: 'token_outdated' });
    await device.refresh();
    expect(await device.send('/plain/editors')).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

describe('@RequireRecentAuth', () => {
  test.each(['/plain/recent', '/open/recent'])('%s asks who signed in too long ago to prove it again', async (path) => {
    const device = await Device.register(service);
    expect((await device.send(path)).status).toBe(200);
    await service.advance(601);
    await device.refresh();
    expect(await device.access()).toBeNull();
    const answer = await device.send(path);
    expect(answer).toMatchObject({
      status: 401,
      code: 'reauthentication_required',
      body: { maxAge: 600, action: 'reauthenticate' },
    });
    // RFC 9470 §3.
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer .*error="insufficient_user_authentication"/);
    expect(answer.headers.get('www-authenticate')).toMatch(/, max_age="600"$/);

    const { password } = device;
    expect((await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password } }))).status).toBe(200);
    expect((await device.send(path)).status).toBe(200);
  });

  test('a refresh is no proof', async () => {
    const device = await Device.register(service);
    await service.advance(595);
    await device.refresh();
    expect((await device.send('/plain/recent')).status).toBe(200);
    await service.advance(10);
    await device.refresh();
    expect((await device.send('/plain/recent')).code).toBe('reauthentication_required');
  });
});
