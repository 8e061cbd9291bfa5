import { Browser, setCookies } from './support/browser.js';
import { ACCESS, csrf, CSRF, REFRESH } from './support/cookie-mode.js';
import { Device, newEmail, PASSWORD } from './support/device.js';
import { openEvents } from './support/events.js';
import { startFrontEnd, type FrontEnd } from './support/front-end-proxy.js';
import { startService, type Service } from './support/service.js';

/** As browsers name it; its host passes on `/v1` to the service, which has another address. */
const FRONT_END = 'https://shop.example.org';

let service: Service;
let frontEnd: FrontEnd;

beforeAll(async () => {
  service = await startService({ env: { CORS_ORIGINS: FRONT_END, TRUST_PROXY: 'loopback' } });
  frontEnd = await startFrontEnd(service);
});
afterAll(async () => {
  await frontEnd.close();
  await service.stop();
});

/** A browser that only knows the front end's host. */
const browserAt = (from: Record<string, string> = { origin: FRONT_END, 'sec-fetch-site': 'same-origin' }) =>
  new Browser({ ...service, url: frontEnd.url }, from);

async function register(options: Record<string, unknown> = {}) {
  const browser = browserAt();
  const email = newEmail();
  const answer = await browser.post('/v1/auth/register', { email, password: PASSWORD, ...options });
  expect(answer.status).toBe(201);
  return { browser, email, answer, token: answer.body.accessToken as string };
}

test('by its own /v1 a front end on another site signs in, refreshes and signs out with a cookie of its own host', async () => {
  const { browser, email, answer } = await register();
  const [cookie] = setCookies(answer);
  // No Domain: of the host that the browser asked, and no other.
  expect(cookie).toMatchObject({
    name: REFRESH,
    attributes: { path: '/', httponly: true, secure: true, samesite: 'Lax' },
  });
  expect(cookie!.attributes).not.toHaveProperty('domain');

  const refreshed = await browser.post('/v1/auth/refresh');
  expect(refreshed.status).toBe(200);
  expect((await browser.send('/v1/users/me', { token: refreshed.body.accessToken })).body.email).toBe(email);

  const old = browser.cookies[REFRESH]!;
  expect((await browser.post('/v1/auth/logout')).status).toBe(204);
  expect(browser.cookies).toEqual({});
  expect((await browser.post('/v1/auth/refresh', {}, { headers: { cookie: `${REFRESH}=${old}` } })).code).toBe(
    'session_ended',
  );
});

test('full cookie mode works through it as well', async () => {
  const { browser } = await register({ accessCookie: true });
  expect(Object.keys(browser.cookies)).toEqual([REFRESH, ACCESS, CSRF]);
  const rename = { method: 'PATCH', body: { name: 'Ada' } };
  expect((await browser.send('/v1/users/me', rename)).code).toBe('cross_site_refused');
  expect((await browser.send('/v1/users/me', { ...rename, ...csrf(browser) })).body.name).toBe('Ada');
  expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
  expect((await browser.post('/v1/auth/logout', {}, csrf(browser))).status).toBe(204);
  expect(browser.cookies).toEqual({});
});

test.each([
  ['a third site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
  ["a sibling of the front end's", { origin: 'https://blog.example.org', 'sec-fetch-site': 'same-site' }],
  ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a third site that names no origin', { 'sec-fetch-site': 'cross-site' }],
])('a page of %s cannot sign in, refresh, sign out or act through it', async (_where, from) => {
  const { browser, email } = await register({ accessCookie: true });
  const cookie = Object.entries(browser.cookies)
    .map((pair) => pair.join('='))
    .join('; ');
  const elsewhere = browserAt(from);
  const attempts: [string, unknown][] = [
    ['/v1/auth/login', { email, password: PASSWORD }],
    ['/v1/auth/refresh', {}],
    ['/v1/auth/logout', {}],
    ['/v1/auth/logout-all', undefined],
  ];
  for (const [path, body] of attempts) {
    const answer = await elsewhere.post(path, body, { headers: { cookie } });
    expect([path, answer.status, answer.code]).toEqual([path, 403, 'cross_site_refused']);
    expect(setCookies(answer)).toEqual([]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
  expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
});

test('a front end that is not on the list is refused, though it proxies in the same way', async () => {
  const other = browserAt({ origin: 'https://unlisted.example', 'sec-fetch-site': 'same-origin' });
  const answer = await other.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
  expect([answer.status, answer.code, setCookies(answer)]).toEqual([403, 'cross_site_refused', []]);
});

test('events come through it as they happen', async () => {
  const { email, token, answer } = await register();
  const events = await openEvents({ ...service, url: frontEnd.url }, token);
  await events.until('ready');
  const other = await new Device(service, email).another();
  await other.send(`/v1/sessions/${answer.body.session.id}`, { method: 'DELETE' });
  expect(await events.until('ended')).toMatchObject({ data: { reason: 'ended_by_user' } });
});

test('the list of devices has the address of the person, not that of the proxy', async () => {
  const { browser, token } = await register();
  expect((await browser.send('/v1/sessions/current', { token })).body.ip).toBe('203.0.113.7');
});
