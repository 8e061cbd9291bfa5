import { Browser, setCookies } from './support/browser.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

const NAME = '__Host-portcullis-account';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** A browser that has just made an account, and its access token. */
async function register(options: Record<string, unknown> = {}) {
  const browser = new Browser(service);
  const email = newEmail();
  const answer = await browser.post('/v1/auth/register', { email, password: PASSWORD, ...options });
  expect(answer.status).toBe(201);
  return { browser, email, answer, token: answer.body.accessToken as string };
}

const bearer = (token: string) => ({ token });

describe('The cookie', () => {
  test('is of this host only, out of reach for scripts, over TLS only, and ends with the browser', async () => {
    const { answer } = await register();
    const [cookie, ...more] = setCookies(answer);
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({ name: NAME, value: expect.stringMatching(/^prt_/) });
    expect(cookie!.attributes).toEqual({ path: '/', httponly: true, secure: true, samesite: 'Lax' });
  });

  test('of a remembered sign-in lasts until the absolute end of the session, and a refresh does not move it', async () => {
    const { browser, answer } = await register({ remember: true });
    const [cookie] = setCookies(answer);
    const end = Math.floor(Date.parse(answer.body.session.expiresAt) / 1000);
    expect(cookie!.expires!.getTime() / 1000).toBe(end);
    expect(Object.keys(cookie!.attributes).toSorted()).toEqual(['expires', 'httponly', 'path', 'samesite', 'secure']);
    await service.advance(11);
    const [next] = setCookies(await browser.post('/v1/auth/refresh'));
    expect(next!.expires!.getTime() / 1000).toBe(end);
  });

  test('carries the refresh token, which is in no body then; a refresh replaces it', async () => {
    const { browser, answer } = await register();
    const first = browser.cookies[NAME];
    await service.advance(11);
    const refreshed = await browser.post('/v1/auth/refresh');
    expect(refreshed.status).toBe(200);
    expect(browser.cookies[NAME]).not.toBe(first);
    for (const { body } of [answer, refreshed]) {
      expect(body).not.toHaveProperty('refreshToken');
      expect(JSON.stringify(body)).not.toContain('prt_');
    }
  });

  test('is replaced by reauthentication and password change', async () => {
    const { browser, token } = await register();
    const first = browser.cookies[NAME];
    const again = await browser.post('/v1/auth/reauthenticate', { password: PASSWORD }, bearer(token));
    const second = browser.cookies[NAME];
    const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
    const changed = await browser.post('/v1/auth/password', passwords, bearer(again.body.accessToken));
    expect([again.status, changed.status]).toEqual([200, 200]);
    expect(new Set([first, second, browser.cookies[NAME]]).size).toBe(3);
    expect(changed.body).not.toHaveProperty('refreshToken');
    expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
  });
});

describe('Which delivery', () => {
  test.each([
    ['a page of the service', { origin: 'https://id.example.test' }, true],
    ['a browser that names no origin', { 'sec-fetch-site': 'same-origin' }, true],
    ['anything that is no browser', {}, false],
  ])('%s gets its default', async (_who, headers: Record<string, string>, cookie) => {
    const body = { email: newEmail(), password: PASSWORD };
    const answer = await send(service, '/v1/auth/register', { body, headers });
    expect(answer.status).toBe(201);
    expect(setCookies(answer)).toHaveLength(cookie ? 1 : 0);
    expect('refreshToken' in answer.body).toBe(!cookie);
  });

  test('is what was asked for, when it was', async () => {
    const { browser, answer } = await register({ delivery: 'body' });
    expect(answer.body.refreshToken).toMatch(/^prt_/);
    expect(browser.cookies).toEqual({});
  });

  test('a token of one delivery is worth nothing by the other', async () => {
    const { browser } = await register();
    const fromCookie = browser.cookies[NAME]!;
    expect(await send(service, '/v1/auth/refresh', { body: { refreshToken: fromCookie } })).toMatchObject({
      status: 401,
      code: 'refresh_token_invalid',
    });
    const { refreshToken } = await Device.register(service);
    const planted = { headers: { cookie: `${NAME}=${refreshToken}` } };
    expect((await new Browser(service).post('/v1/auth/refresh', {}, planted)).code).toBe('refresh_token_invalid');
    expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
  });
});

test('no refusal sets or clears a cookie', async () => {
  const { browser, email, token } = await register();
  await browser.post('/v1/auth/logout-all', undefined, { token, headers: { cookie: '' } });
  const refusals = [
    await browser.post('/v1/auth/refresh'),
    await browser.send('/v1/users/me'),
    await browser.send('/v1/users/me', bearer(token)),
    await browser.post('/v1/auth/login', { email, password: 'not the password' }),
    await browser.post('/v1/auth/refresh', {}, { headers: { cookie: `${NAME}=prt_broken` } }),
    await browser.post('/v1/auth/logout', {}, { headers: { cookie: `${NAME}=prt_broken` } }),
    await browser.post('/v1/auth/logout', {}, { headers: { cookie: '' } }),
  ];
  expect(refusals.map((answer) => answer.status)).toEqual(Array(7).fill(401));
  expect(refusals.flatMap(setCookies)).toEqual([]);
});

test('a late refusal does not undo a newer sign-in', async () => {
  const { browser, email } = await register();
  const old = browser.cookies[NAME]!;
  await browser.post('/v1/auth/logout');
  await browser.post('/v1/auth/login', { email, password: PASSWORD });
  expect((await browser.post('/v1/auth/refresh', {}, { headers: { cookie: `${NAME}=${old}` } })).code).toBe(
    'session_ended',
  );
  expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
});

describe('On http and loopback, as developers run it', () => {
  test('the cookie has a plain name and no Secure, and works', async () => {
    const local = await startService({ env: { PUBLIC_URL: 'http://localhost:3000' } });
    try {
      const browser = new Browser(local, { origin: 'http://localhost:3000' });
      const answer = await browser.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
      const [cookie] = setCookies(answer);
      expect(cookie!.name).toBe('portcullis-account');
      expect(cookie!.attributes).toEqual({ path: '/', httponly: true, samesite: 'Lax' });
      expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
      expect((await browser.post('/v1/auth/logout')).status).toBe(204);
      expect(browser.cookies).toEqual({});
    } finally {
      await local.stop();
    }
  });
});
