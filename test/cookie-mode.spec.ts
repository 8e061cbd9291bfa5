import { randomBytes } from 'node:crypto';
import { claimsOf } from './support/access-token.js';
import { Browser, setCookies, type SetCookie } from './support/browser.js';
import { ACCESS, cookieHeader, csrf, CSRF, REFRESH, registerByCookie } from './support/cookie-mode.js';
import { newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const byName = (answer: Answer): Record<string, SetCookie> =>
  Object.fromEntries(setCookies(answer).map((cookie) => [cookie.name, cookie]));

/** The sessions that the three cookies are of. */
const sessionIn = ({ cookies }: Browser) => ({
  refresh: cookies[REFRESH]?.split('.')[1],
  access: cookies[ACCESS] === undefined ? undefined : claimsOf(cookies[ACCESS]!).sid,
  csrf: cookies[CSRF],
});

describe('A sign-in in full cookie mode', () => {
  test('sets three cookies of this host, of which scripts can read the CSRF token only; all end with the browser', async () => {
    const { answer } = await registerByCookie(service);
    const attributes = { path: '/', httponly: true, secure: true, samesite: 'Lax' };
    const cookies = byName(answer);
    expect(Object.keys(cookies)).toEqual([REFRESH, ACCESS, CSRF]);
    expect(cookies[REFRESH]!.attributes).toEqual(attributes);
    expect(cookies[ACCESS]).toMatchObject({ value: answer.body.accessToken, attributes });
    expect(cookies[ACCESS]!.attributes).toEqual(attributes);
    expect(cookies[CSRF]!.attributes).toEqual({ path: '/', secure: true, samesite: 'Lax' });
    expect(cookies[CSRF]!.value).toMatch(/^[\w-]{43}$/);
  });

  test('that is to be remembered: the access token for its life, the others to the end of the session', async () => {
    const { answer } = await registerByCookie(service, { remember: true });
    const cookies = byName(answer);
    const end = Math.floor(Date.parse(answer.body.session.expiresAt) / 1000) * 1000;
    expect(cookies[ACCESS]!.attributes['max-age']).toBe(String(answer.body.expiresIn));
    expect(cookies[REFRESH]!.expires!.getTime()).toBe(end);
    expect(cookies[CSRF]!.expires!.getTime()).toBe(end);
  });

  test('needs the refresh token in a cookie too', async () => {
    const account = { email: newEmail(), password: PASSWORD, accessCookie: true };
    const bodies: [string, object][] = [
      ['register', { ...account, delivery: 'body' }],
      ['login', { ...account, delivery: 'body' }],
      ['refresh', { refreshToken: 'prt_any', accessCookie: true }],
    ];
    for (const [path, body] of bodies) {
      const answer = await new Browser(service).post(`/v1/auth/${path}`, body);
      expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
      expect(answer.body.errors).toEqual([expect.objectContaining({ pointer: '/accessCookie' })]);
      expect(setCookies(answer)).toEqual([]);
    }
  });

  test('is refused to a page elsewhere, and to what is no browser', async () => {
    for (const headers of [{ origin: 'https://evil.test' }, { origin: 'null' }, {}] as Record<string, string>[]) {
      const body = { email: newEmail(), password: PASSWORD, accessCookie: true };
      const answer = await send(service, '/v1/auth/register', { body, headers });
      expect([answer.code, setCookies(answer)]).toEqual(['cross_site_refused', []]);
    }
  });

  test('on http and loopback has plain names and no Secure, and works', async () => {
    const local = await startService({ besides: service, env: { PUBLIC_URL: 'http://localhost:3000' } });
    const { browser, answer } = await registerByCookie(local, {}, { origin: 'http://localhost:3000' });
    expect(Object.keys(browser.cookies)).toEqual(['portcullis-account', 'portcullis-access-account', CSRF]);
    for (const { attributes } of setCookies(answer)) expect(attributes).not.toHaveProperty('secure');
    expect((await browser.send('/v1/users/me')).status).toBe(200);
    expect(
      (await browser.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' }, ...csrf(browser) })).status,
    ).toBe(200);
    await local.stop();
  });
});

describe('Which session is in full cookie mode, its own browser remembers', () => {
  test('a refresh renews the access token and the CSRF cookie with the refresh token', async () => {
    const { browser, sessionId } = await registerByCookie(service);
    const before = browser.cookies;
    await service.advance(11);
    const answer = await browser.post('/v1/auth/refresh');
    expect(Object.keys(byName(answer))).toEqual([REFRESH, ACCESS, CSRF]);
    expect(browser.cookies[REFRESH]).not.toBe(before[REFRESH]);
    expect(browser.cookies[ACCESS]).toBe(answer.body.accessToken);
    expect(sessionIn(browser)).toEqual({ refresh: sessionId, access: sessionId, csrf: before[CSRF] });
  });

  test('a refresh within the grace too, though the refresh token stays the same', async () => {
    const { browser } = await registerByCookie(service);
    const before = browser.cookies;
    const answer = await browser.post('/v1/auth/refresh');
    expect(Object.keys(byName(answer))).toEqual([REFRESH, ACCESS, CSRF]);
    expect(browser.cookies).toEqual({ ...before, [ACCESS]: answer.body.accessToken });
  });

  test('so do reauthentication and a password change', async () => {
    const { browser, sessionId } = await registerByCookie(service);
    const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
    for (const [path, body] of [
      ['reauthenticate', { password: PASSWORD }],
      ['password', passwords],
    ] as const) {
      const answer = await browser.post(`/v1/auth/${path}`, body, csrf(browser));
      expect(answer.status).toBe(200);
      expect(Object.keys(byName(answer))).toEqual([REFRESH, ACCESS, CSRF]);
      expect(sessionIn(browser)).toMatchObject({ refresh: sessionId, access: sessionId });
      expect((await browser.send('/v1/users/me')).status).toBe(200);
    }
  });

  test('a refresh begins the mode when it is asked to, and another one leaves it as it is', async () => {
    const browser = new Browser(service);
    await browser.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
    expect(Object.keys(browser.cookies)).toEqual([REFRESH]);
    await service.advance(11);
    expect(Object.keys(byName(await browser.post('/v1/auth/refresh')))).toEqual([REFRESH]);
    expect(Object.keys(byName(await browser.post('/v1/auth/refresh', { accessCookie: true })))).toHaveLength(3);
    expect((await browser.send('/v1/users/me')).status).toBe(200);
  });

  test('a CSRF cookie of another session, or a made-up one, begins nothing', async () => {
    const stranger = await registerByCookie(service);
    for (const planted of [stranger.browser.cookies[CSRF], 'A'.repeat(43), '']) {
      const browser = new Browser(service);
      await browser.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
      const cookie = cookieHeader({ [REFRESH]: browser.cookies[REFRESH], [CSRF]: planted });
      const answer = await browser.post('/v1/auth/refresh', {}, { headers: { cookie } });
      expect(answer.status).toBe(200);
      expect(byName(answer)[ACCESS]).toBeUndefined();
      expect(byName(answer)[CSRF]?.value ?? '').toBe('');
    }
  });

  test('somebody else who signs in without it takes over all cookies: no page shows a mixture of two people', async () => {
    const first = await registerByCookie(service);
    await first.browser.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
    expect(Object.keys(first.browser.cookies)).toEqual([REFRESH]);
    expect(first.browser.cookies[REFRESH]).not.toContain(first.sessionId);
    expect((await first.browser.send('/v1/users/me')).code).toBe('token_missing');
  });

  test('any of the keys verifies, the first signs, and a key that was taken away is refused', async () => {
    const [older, newer] = ['old', 'new'].map((id) => `${id}:${randomBytes(32).toString('base64')}`);
    const at = (keys: string) => startService({ besides: service, env: { REFRESH_TOKEN_KEYS: keys } });
    const [before, during, after] = [await at(older!), await at(`${newer},${older}`), await at(newer!)];
    const { browser } = await registerByCookie(before);
    const rename = (instance: Service) =>
      send(instance, '/v1/users/me', {
        method: 'PATCH',
        body: { name: 'Ada' },
        headers: { cookie: cookieHeader(browser.cookies), ...csrf(browser).headers },
      });
    expect([(await rename(during)).status, (await rename(after)).code]).toEqual([200, 'cross_site_refused']);
    const old = browser.cookies[CSRF];
    const headers = { cookie: cookieHeader(browser.cookies), 'sec-fetch-site': 'same-origin' };
    const renewed = byName(await send(during, '/v1/auth/refresh', { body: {}, headers }))[CSRF]!.value;
    expect(renewed).not.toBe(old);
    for (const one of [before, during, after]) await one.stop();
  });
});

describe('Signing out', () => {
  test.each(['/v1/auth/logout', '/v1/auth/logout-all'])('by %s clears all three cookies', async (path) => {
    const { browser, email } = await registerByCookie(service);
    const old = cookieHeader(browser.cookies);
    const answer = await browser.post(path, undefined, csrf(browser));
    expect(answer.status).toBe(204);
    expect(Object.keys(byName(answer)).toSorted()).toEqual([ACCESS, REFRESH, CSRF].toSorted());
    expect(browser.cookies).toEqual({});
    expect((await send(service, '/v1/users/me', { headers: { cookie: old } })).status).toBe(401);
    expect((await browser.post('/v1/auth/login', { email, password: PASSWORD, accessCookie: true })).status).toBe(200);
  });

  test('works with the cookie of the access token alone, for a page of ours', async () => {
    const { browser } = await registerByCookie(service);
    const { [REFRESH]: _, ...rest } = browser.cookies;
    const cookie = cookieHeader(rest);
    const refused = await browser.post('/v1/auth/logout', undefined, { headers: { cookie } });
    expect([refused.code, setCookies(refused)]).toEqual(['cross_site_refused', []]);
    const headers = { cookie, ...csrf(browser).headers };
    expect((await browser.post('/v1/auth/logout', undefined, { headers })).status).toBe(204);
    expect((await browser.post('/v1/auth/refresh')).code).toBe('session_ended');
  });

  test("leaves a newer sign-in's cookies alone", async () => {
    const first = await registerByCookie(service);
    const second = await registerByCookie(service);
    const answer = await send(service, '/v1/auth/logout-all', {
      method: 'POST',
      token: first.answer.body.accessToken,
      headers: {
        cookie: cookieHeader({ [REFRESH]: second.browser.cookies[REFRESH], [CSRF]: second.browser.cookies[CSRF] }),
      },
    });
    expect([answer.status, setCookies(answer)]).toEqual([204, []]);
  });
});

test('no refusal sets or clears a cookie', async () => {
  const { browser } = await registerByCookie(service);
  const all = cookieHeader(browser.cookies);
  const owner = await browser.post('/v1/auth/refresh');
  await send(service, '/v1/auth/logout-all', { method: 'POST', token: owner.body.accessToken });
  const refusals = [
    await browser.send('/v1/users/me'),
    await browser.post('/v1/auth/refresh'),
    await browser.post('/v1/auth/logout-all', undefined, csrf(browser)),
    await browser.send('/v1/users/me', { headers: { cookie: `${ACCESS}=broken; ${CSRF}=${browser.cookies[CSRF]}` } }),
    await browser.send('/v1/users/me', { headers: { cookie: all } }),
    await browser.post(
      '/v1/auth/refresh',
      {},
      { headers: { cookie: `${REFRESH}=prt_broken; ${ACCESS}=x; ${CSRF}=y` } },
    ),
  ];
  expect(refusals.map(({ status }) => status)).toEqual(Array(6).fill(401));
  expect(refusals.flatMap(setCookies)).toEqual([]);
});
