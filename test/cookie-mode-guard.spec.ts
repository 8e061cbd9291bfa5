import { Browser, setCookies } from './support/browser.js';
import { ACCESS, cookieHeader, csrf, CSRF, REFRESH, registerByCookie } from './support/cookie-mode.js';
import { Device, PASSWORD, send } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { changeAccount } from './support/operator.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

const LISTED = 'https://app.example.test';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { CORS_ORIGINS: LISTED }, extras: { imports: [GuardedRoutesModule] } });
});
afterAll(() => service.stop());

const rename = { method: 'PATCH', body: { name: 'Ada' } };

async function nameOf(browser: Browser): Promise<string | null> {
  return (await browser.send('/v1/users/me')).body.name;
}

/** A request with these cookies, and from a page that says this. */
function request(path: string, cookies: Record<string, string | undefined>, options: Parameters<typeof send>[2] = {}) {
  return send(service, path, { ...options, headers: { cookie: cookieHeader(cookies), ...options.headers } });
}

describe('The cookie of an access token', () => {
  test('is as good as a bearer token: who it is, roles, recent proof', async () => {
    const { browser, userId, sessionId } = await registerByCookie(service);
    expect((await browser.send('/plain')).body).toMatchObject({ userId, sessionId, applicationId: 'account' });
    expect((await browser.send('/plain/editors')).code).toBe('forbidden');
    await changeAccount(service, userId, { roles: ['editor'] });
    expect(await browser.send('/plain/editors')).toMatchObject({ code: 'token_outdated', body: { action: 'refresh' } });
    await browser.post('/v1/auth/refresh');
    expect((await browser.send('/plain/editors')).status).toBe(200);
    expect((await browser.send('/plain/recent')).status).toBe(200);
    await service.advance(601);
    await browser.post('/v1/auth/refresh');
    expect((await browser.send('/plain/recent')).code).toBe('reauthentication_required');
  });

  test('is refused at once when its session is ended elsewhere', async () => {
    const { browser, email, sessionId } = await registerByCookie(service);
    const other = await new Device(service, email).another();
    expect((await browser.send('/v1/users/me')).status).toBe(200);
    await other.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' });
    expect((await browser.send('/v1/users/me')).code).toBe('session_ended');
  });

  test('counts as use of the session', async () => {
    const { browser, email, sessionId } = await registerByCookie(service);
    const other = await new Device(service, email).another();
    await service.advance(60);
    const before = Date.now();
    await browser.send('/v1/users/me');
    const { items } = (await other.send('/v1/sessions')).body;
    const seen = items.find((item: { id: string }) => item.id === sessionId).lastActiveAt;
    expect(Date.parse(seen)).toBeGreaterThanOrEqual(before + 60_000);
  });

  test('opens the stream of events, which EventSource can then read', async () => {
    const { browser } = await registerByCookie(service);
    const headers = { cookie: cookieHeader(browser.cookies) };
    const { status, body } = await fetch(`${service.url}/v1/sessions/current/events`, { headers });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n\n')) text += (await reader.read()).value ?? '\n\nended';
    expect([status, text]).toEqual([200, expect.stringContaining('event: ready')]);
    await reader.cancel();
  });

  test('is not looked at beside an Authorization header, whatever is in that', async () => {
    const { browser } = await registerByCookie(service);
    for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer nonsense', ''])
      expect((await browser.send('/v1/users/me', { headers: { authorization } })).status).toBe(401);
  });

  test.each(['nonsense', 'a.b.c', '%', 'x'.repeat(9_000)])(
    'that is no token of ours (%.12s) is refused: 401',
    async (value) => {
      expect(await request('/v1/users/me', { [ACCESS]: value })).toMatchObject({ status: 401, code: 'token_invalid' });
    },
  );

  test('that holds a refresh token is refused, and so is an access token in the place of a refresh token', async () => {
    const { browser } = await registerByCookie(service);
    const { [REFRESH]: refresh, [ACCESS]: access } = browser.cookies;
    expect((await request('/v1/users/me', { [ACCESS]: refresh })).code).toBe('token_invalid');
    const headers = { origin: PUBLIC_URL };
    expect((await request('/v1/auth/refresh', { [REFRESH]: access }, { body: {}, headers })).code).toBe(
      'refresh_token_invalid',
    );
  });
});

describe('A request by cookie that changes something', () => {
  test('carries the CSRF token of its own session, or nothing changes', async () => {
    const { browser } = await registerByCookie(service);
    const stranger = await registerByCookie(service);
    const good = browser.cookies[CSRF]!;
    const bad = [
      '',
      'x',
      stranger.browser.cookies[CSRF]!,
      good.slice(1),
      `${good}x`,
      good.toUpperCase(),
      'ü'.repeat(43),
    ];
    for (const token of bad) {
      const headers = { 'x-csrf-token': encodeURI(token) === token ? token : Buffer.from(token).toString('latin1') };
      const answer = await browser.send('/v1/users/me', { ...rename, headers });
      expect([token, answer.status, answer.code]).toEqual([token, 403, 'cross_site_refused']);
    }
    expect((await browser.send('/v1/users/me', rename)).body.detail).toContain(CSRF);
    expect(await nameOf(browser)).toBeNull();
    expect((await browser.send('/v1/users/me', { ...rename, ...csrf(browser) })).status).toBe(200);
    expect(await nameOf(browser)).toBe('Ada');
  });

  test('is not let in because the cookie says the same as the header: a sibling can plant one', async () => {
    const { browser } = await registerByCookie(service);
    const headers = { 'x-csrf-token': 'planted' };
    const answer = await request('/v1/users/me', { ...browser.cookies, [CSRF]: 'planted' }, { ...rename, headers });
    expect(answer.code).toBe('cross_site_refused');
  });

  test.each([
    ['POST', '/plain', undefined],
    ['POST', '/v1/auth/logout-all', undefined],
    ['POST', '/v1/auth/reauthenticate', { password: PASSWORD }],
    ['POST', '/v1/auth/password', { currentPassword: PASSWORD, newPassword: 'difference engine 1822' }],
    ['DELETE', '/v1/users/me', undefined],
    ['DELETE', '/v1/sessions?except=current', undefined],
    ['PATCH', '/v1/users/me', { name: 'Eve' }],
  ])('%s %s without the token is refused, from our own page even', async (method, path, body) => {
    const { browser } = await registerByCookie(service);
    const answer = await browser.send(path, { method, body });
    expect([answer.status, answer.code, setCookies(answer)]).toEqual([403, 'cross_site_refused', []]);
    expect(await nameOf(browser)).toBeNull();
  });

  test.each([
    ['another site', 'https://evil.test', 403],
    ['a sandboxed frame', 'null', 403],
    ['a sibling subdomain', 'https://blog.example.test', 403],
    ['our host on another port', `${PUBLIC_URL}:8443`, 403],
    ['the service itself', PUBLIC_URL, 200],
    ['an origin of the application', LISTED, 200],
    ['a page that names no origin', undefined, 200],
  ])('that has the token and comes from %s (%s): %i', async (_where, origin, status) => {
    const { browser } = await registerByCookie(service);
    const headers = { ...(origin && { origin }), ...csrf(browser).headers };
    expect((await request('/v1/users/me', browser.cookies, { ...rename, headers })).status).toBe(status);
    expect(await nameOf(browser)).toBe(status === 200 ? 'Ada' : null);
  });

  test('reading needs no token: a link to a page has none', async () => {
    const { browser } = await registerByCookie(service);
    for (const method of ['GET', 'HEAD'])
      expect(
        (await fetch(`${service.url}/plain`, { method, headers: { cookie: cookieHeader(browser.cookies) } })).status,
      ).toBe(200);
  });

  test('by bearer token needs none, cookies or not', async () => {
    const { browser, answer } = await registerByCookie(service);
    expect((await browser.send('/v1/users/me', { ...rename, token: answer.body.accessToken })).status).toBe(200);
  });
});

describe('Two sessions in one request', () => {
  test('the bearer token and the cookie of different sessions: 400, and nothing changes', async () => {
    const [one, other] = [await registerByCookie(service), await registerByCookie(service)];
    const token = one.answer.body.accessToken;
    for (const options of [{}, rename, { ...rename, ...csrf(other.browser) }]) {
      const answer = await other.browser.send('/v1/users/me', { token, ...options });
      expect([answer.status, answer.code, setCookies(answer)]).toEqual([400, 'credentials_ambiguous', []]);
    }
    const { [REFRESH]: _, ...rest } = other.browser.cookies;
    const signOut = await request('/v1/auth/logout', rest, { method: 'POST', token });
    expect(signOut.code).toBe('credentials_ambiguous');
    for (const { browser } of [one, other]) expect(await nameOf(browser)).toBeNull();
  });

  test('of the same session: the bearer token decides', async () => {
    const { browser, answer } = await registerByCookie(service);
    await browser.post('/v1/auth/refresh');
    expect((await browser.send('/v1/users/me', { token: answer.body.accessToken })).status).toBe(200);
  });

  test('a cookie that would be refused by itself contradicts nothing', async () => {
    const gone = await registerByCookie(service);
    const old = gone.browser.cookies[ACCESS];
    await gone.browser.post('/v1/auth/logout');
    const device = await Device.register(service);
    for (const value of [old, 'nonsense', 'a.e30.b'])
      expect((await request('/v1/users/me', { [ACCESS]: value }, { token: device.accessToken })).status).toBe(200);
  });
});

describe("Another application's cookies in the same browser", () => {
  const theirs = ({ cookies }: Browser) => ({
    '__Host-portcullis-notes': cookies[REFRESH],
    '__Host-portcullis-access-notes': cookies[ACCESS],
    'portcullis-csrf-notes': cookies[CSRF],
  });

  test('are no sign-in here', async () => {
    const { browser } = await registerByCookie(service);
    expect((await request('/v1/users/me', theirs(browser))).code).toBe('token_missing');
    const headers = { origin: PUBLIC_URL };
    expect((await request('/v1/auth/refresh', theirs(browser), { body: {}, headers })).code).toBe(
      'refresh_token_invalid',
    );
  });

  test('contradict nothing, are not renewed, and stay when this application signs out', async () => {
    const [here, there] = [await registerByCookie(service), await registerByCookie(service)];
    const both = () => ({ ...theirs(there.browser), ...here.browser.cookies });
    const headers = { origin: PUBLIC_URL, ...csrf(here.browser).headers };
    const token = here.answer.body.accessToken;
    expect((await request('/v1/users/me', both())).body.id).toBe(here.userId);
    expect((await request('/v1/users/me', both(), { ...rename, headers })).status).toBe(200);
    expect((await request('/v1/users/me', both(), { token })).status).toBe(200);
    for (const [path, cookies] of [
      ['refresh', both()],
      ['logout', both()],
    ] as const) {
      const answer = await request(`/v1/auth/${path}`, cookies, { body: {}, headers });
      expect(answer.status).toBeLessThan(300);
      expect(
        setCookies(answer)
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual([ACCESS, REFRESH, CSRF].toSorted());
    }
    expect((await there.browser.send('/v1/users/me')).status).toBe(200);
  });
});
