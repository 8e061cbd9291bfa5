import { Browser, setCookies } from './support/browser.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

const NAME = '__Host-portcullis-account';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const logout = (options: { body?: unknown; token?: string; headers?: Record<string, string> } = {}) =>
  send(service, '/v1/auth/logout', { method: 'POST', ...options });

/** A browser signed in by cookie, as a new person or as the one of `email`. */
async function signedIn(browser = new Browser(service), email?: string) {
  const path = email ? '/v1/auth/login' : '/v1/auth/register';
  const answer = await browser.post(path, { email: email ?? newEmail(), password: PASSWORD });
  const { accessToken, session, user } = answer.body;
  return { browser, token: accessToken as string, sessionId: session.id as string, email: user.email as string };
}

describe('Signing out needs one proof', () => {
  test('the access token: its session ends, others stay', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    expect((await device.send('/v1/auth/logout', { method: 'POST' })).status).toBe(204);
    expect(await device.access()).toBe('session_ended');
    expect((await device.refresh()).code).toBe('session_ended');
    expect(await other.access()).toBeNull();
    expect((await other.refresh()).status).toBe(200);
  });

  test('the refresh token alone', async () => {
    const device = await Device.register(service);
    expect((await logout({ body: { refreshToken: device.refreshToken } })).status).toBe(204);
    expect(await device.access()).toBe('session_ended');
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('the cookie alone, which is cleared', async () => {
    const { browser, token } = await signedIn();
    const old = browser.cookies[NAME];
    const answer = await browser.post('/v1/auth/logout');
    expect(answer.status).toBe(204);
    const [cookie] = setCookies(answer);
    expect(cookie).toMatchObject({ name: NAME, value: '' });
    expect(cookie!.expires!.getTime()).toBe(0);
    expect(cookie!.attributes).toMatchObject({ path: '/', secure: true, httponly: true, samesite: 'Lax' });
    expect(browser.cookies).toEqual({});
    expect((await send(service, '/v1/users/me', { token })).code).toBe('session_ended');
    expect((await browser.post('/v1/auth/refresh', {}, { headers: { cookie: `${NAME}=${old}` } })).code).toBe(
      'session_ended',
    );
  });

  test('both, of one session', async () => {
    const { browser, token } = await signedIn();
    expect((await browser.post('/v1/auth/logout', {}, { token })).status).toBe(204);
    expect(browser.cookies).toEqual({});
  });

  test('an access token that has expired, beside the cookie', async () => {
    const { browser, token } = await signedIn();
    await service.advance(660);
    expect((await browser.post('/v1/auth/logout', {}, { token })).status).toBe(204);
    expect(browser.cookies).toEqual({});
  });

  test('a refresh token of an earlier generation', async () => {
    const device = await Device.register(service);
    const old = device.refreshToken;
    await device.refresh();
    expect((await logout({ body: { refreshToken: old } })).status).toBe(204);
    expect(await device.access()).toBe('session_ended');
  });

  test('none: 401', async () => {
    expect(await logout()).toMatchObject({ status: 401, code: 'token_missing' });
    expect(await logout({ body: {} })).toMatchObject({ status: 401, code: 'token_missing' });
  });
});

test('signing out twice is no fault, whatever the proof', async () => {
  const device = await Device.register(service);
  const { browser } = await signedIn();
  const headers = { cookie: `${NAME}=${browser.cookies[NAME]}` };
  const body = { refreshToken: device.refreshToken };
  for (let time = 0; time < 2; time++) {
    expect((await device.send('/v1/auth/logout', { method: 'POST' })).status).toBe(204);
    expect((await logout({ body })).status).toBe(204);
    expect((await browser.post('/v1/auth/logout', {}, { headers })).status).toBe(204);
  }
});

test.each([
  ['truncated', (token: string) => token.slice(0, -1)],
  ['extended', (token: string) => `${token}A`],
  ['of another session', (token: string) => token.replace(/[0-9a-f]{8}-/, '00000000-')],
  ['empty', () => ''],
])('a refresh token that is %s signs nobody out: 401', async (_what, spoil) => {
  const device = await Device.register(service);
  const answer = await logout({ body: { refreshToken: spoil(device.refreshToken) } });
  expect([answer.status, answer.code]).toEqual([401, 'refresh_token_invalid']);
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});

describe('Tokens of two sessions in one request: 400, and neither ends', () => {
  test.each([
    ['that is good', async () => {}],
    ['that has expired', () => service.advance(660)],
  ])('the cookie of who signed in later, and an access token %s from before', async (_what, meanwhile) => {
    const { browser, token } = await signedIn();
    const first = browser.cookies[NAME];
    const later = await signedIn(browser);
    await meanwhile();
    const answer = await browser.post('/v1/auth/logout', {}, { token });
    expect([answer.status, answer.code]).toEqual([400, 'credentials_ambiguous']);
    expect(setCookies(answer)).toEqual([]);
    expect((await browser.post('/v1/auth/refresh')).body.session.id).toBe(later.sessionId);
    expect((await browser.post('/v1/auth/refresh', {}, { headers: { cookie: `${NAME}=${first}` } })).status).toBe(200);
  });

  test('a refresh token in the body, and an access token of another device', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const answer = await device.send('/v1/auth/logout', { body: { refreshToken: other.refreshToken } });
    expect([answer.status, answer.code]).toEqual([400, 'credentials_ambiguous']);
    expect([await device.access(), await other.access()]).toEqual([null, null]);
  });

  test('a tab left over from an ended session does not sign out who came after', async () => {
    const { browser, token } = await signedIn();
    await browser.post('/v1/auth/logout');
    await signedIn(browser);
    expect((await browser.post('/v1/auth/logout', {}, { token })).code).toBe('credentials_ambiguous');
    expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
  });

  test.each([
    ['/v1/auth/refresh', {}],
    ['/v1/auth/reauthenticate', { password: PASSWORD }],
    ['/v1/auth/password', { currentPassword: PASSWORD, newPassword: 'difference engine 1822' }],
  ])('%s, whose answer would set a cookie', async (path, body) => {
    const { browser, token, email } = await signedIn();
    const later = await signedIn(browser);
    const answer = await browser.post(path, body, { token });
    expect([answer.status, answer.code]).toEqual([400, 'credentials_ambiguous']);
    expect((await browser.post('/v1/auth/refresh')).body.session.id).toBe(later.sessionId);
    expect((await signedIn(new Browser(service), email)).token).toBeTruthy();
  });
});

test('signing out by a token of the body leaves the cookie of another session alone', async () => {
  const device = await Device.register(service);
  const { browser, sessionId } = await signedIn();
  const answer = await browser.post('/v1/auth/logout', { refreshToken: device.refreshToken });
  expect(answer.status).toBe(204);
  expect(setCookies(answer)).toEqual([]);
  expect(await device.access()).toBe('session_ended');
  expect((await browser.post('/v1/auth/refresh')).body.session.id).toBe(sessionId);
});

test('signing out everywhere clears the cookie of this session too, and of no other', async () => {
  const { browser, token } = await signedIn();
  await browser.post('/v1/auth/logout-all', undefined, { token });
  expect(browser.cookies).toEqual({});

  const before = await signedIn(browser);
  await signedIn(browser);
  expect((await browser.post('/v1/auth/logout-all', undefined, { token: before.token })).status).toBe(204);
  expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
});
