import { Browser } from './support/browser.js';
import { cookieHeader, csrf, registerByCookie } from './support/cookie-mode.js';
import { Device } from './support/device.js';
import { ServerRenderedModule } from './support/server-rendered.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ extras: { imports: [ServerRenderedModule] } });
});
afterAll(() => service.stop());

/** What somebody gets who types an address: a navigation carries cookies and no header of ours. */
function open(path: string, { cookies }: Browser) {
  const headers = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-site': 'none', cookie: cookieHeader(cookies) };
  return fetch(service.url + path, { headers, redirect: 'manual' });
}

const keep = (browser: Browser, options = csrf(browser)) =>
  browser.post('/desk/notes', { text: 'a <b>note</b>' }, options);

test('a page that the server renders knows who opens it, and its form changes something', async () => {
  const { browser, userId } = await registerByCookie(service);
  expect((await keep(browser)).status).toBe(204);
  const page = await open('/desk', browser);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const text = await page.text();
  expect(text).toContain(`<p id="who">${userId}</p>`);
  expect(text).toContain('a &#60;b&#62;note');
  // Somebody's own page is in no cache.
  expect(page.headers.get('cache-control')).toBe('no-store');
});

test('a form of another site cannot keep anything, nor one of ours without the token', async () => {
  const { browser } = await registerByCookie(service);
  const form = { method: 'POST', body: 'text=x' };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie: cookieHeader(browser.cookies) };
  const posted = await fetch(`${service.url}/desk/notes`, {
    ...form,
    headers: { ...headers, origin: 'https://evil.test' },
  });
  expect([415, 403]).toContain(posted.status);
  expect((await keep(browser, { headers: {} as never })).code).toBe('cross_site_refused');
  expect(await (await open('/desk', browser)).text()).not.toContain('<li>');
});

test('who comes back after the access token has run out is refreshed on the way, and asked nothing', async () => {
  const { browser } = await registerByCookie(service, { remember: true });
  await service.advance(service.config.accessTokenTtl + 6);
  const turned = await open('/desk', browser);
  expect([turned.status, turned.headers.get('location')]).toEqual([303, '/desk/enter?next=%2Fdesk']);
  expect((await open('/desk/enter', browser)).status).toBe(200);
  // What the script of that page does.
  expect((await browser.post('/v1/auth/refresh', { accessCookie: true })).status).toBe(200);
  expect((await open('/desk', browser)).status).toBe(200);
});

test('who signed in on the account pages is let in after one refresh that asks for the cookie', async () => {
  const { browser } = await registerByCookie(service, { accessCookie: false });
  expect((await open('/desk', browser)).status).toBe(303);
  await browser.post('/v1/auth/refresh', { accessCookie: true });
  expect((await open('/desk', browser)).status).toBe(200);
});

test('a page of a session that was ended on another device is not shown any more', async () => {
  const { browser, email, sessionId } = await registerByCookie(service);
  expect((await open('/desk', browser)).status).toBe(200);
  const other = await new Device(service, email).another();
  await other.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' });
  expect((await open('/desk', browser)).status).toBe(303);
  expect(await keep(browser)).toMatchObject({ code: 'session_ended', body: { action: 'sign_in' } });
  expect((await browser.post('/v1/auth/refresh', { accessCookie: true })).code).toBe('session_ended');
});
