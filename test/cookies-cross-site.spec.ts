import { Browser, setCookies } from './support/browser.js';
import { newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

const NAME = '__Host-portcullis-account';
const OWN = 'https://id.example.test';
const LISTED = 'https://app.example.test';

let service: Service;
let browser: Browser;
let email: string;

beforeAll(async () => {
  service = await startService({ env: { CORS_ORIGINS: LISTED } });
  browser = new Browser(service);
  email = newEmail();
  expect((await browser.post('/v1/auth/register', { email, password: PASSWORD })).status).toBe(201);
});
afterAll(() => service.stop());

/** As a page elsewhere makes the browser send it: with the cookie, and what a browser says of where it comes from. */
function fromElsewhere(path: string, from: Record<string, string>, body: unknown = {}) {
  return send(service, path, { body, headers: { ...from, cookie: `${NAME}=${browser.cookies[NAME]}` } });
}

const sessions = async () =>
  (await service.db.query('select * from sessions order by id')).map((row) => JSON.stringify(row));

const elsewhere: [string, Record<string, string>][] = [
  ['another site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
  ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a sandboxed frame that claims to be ours', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ['a sibling subdomain', { origin: 'https://blog.example.test', 'sec-fetch-site': 'same-site' }],
  ['a subdomain of ours', { origin: 'https://x.id.example.test', 'sec-fetch-site': 'same-site' }],
  ['our host on another port', { origin: `${OWN}:8443`, 'sec-fetch-site': 'same-site' }],
  ['our host without TLS', { origin: 'http://id.example.test', 'sec-fetch-site': 'same-site' }],
  ['a name that begins like ours', { origin: `${OWN}.evil.test` }],
  ['a sibling that names no origin', { 'sec-fetch-site': 'same-site' }],
  ['another site that names no origin', { 'sec-fetch-site': 'cross-site' }],
  ['the address bar', { 'sec-fetch-site': 'none' }],
  ['nowhere', {}],
];

describe.each(elsewhere)('From %s', (_where, from) => {
  test.each(['/v1/auth/refresh', '/v1/auth/logout'])('%s by cookie is refused and changes nothing', async (path) => {
    const before = await sessions();
    const answer = await fromElsewhere(path, from);
    expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
    expect(setCookies(answer)).toEqual([]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(await sessions()).toEqual(before);
    expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
  });

  test.each(['/v1/auth/login', '/v1/auth/register'])(
    '%s with a cookie is refused: nobody is signed in',
    async (path) => {
      const before = await sessions();
      const address = path.endsWith('login') ? email : newEmail();
      const answer = await fromElsewhere(path, from, { email: address, password: PASSWORD, delivery: 'cookie' });
      expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
      expect(setCookies(answer)).toEqual([]);
      expect(await sessions()).toEqual(before);
      expect(await service.db.query('select email from users')).toEqual([{ email }]);
    },
  );
});

test.each(elsewhere.slice(0, -1))('a browser at %s gets no tokens by default either', async (_where, from) => {
  const answer = await fromElsewhere('/v1/auth/login', from, { email, password: PASSWORD });
  expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
});

test.each([
  ['the service itself', { origin: OWN, 'sec-fetch-site': 'same-origin' }],
  ['the service itself, in a browser that sends no Origin', { 'sec-fetch-site': 'same-origin' }],
  ['an origin of the application', { origin: LISTED, 'sec-fetch-site': 'same-site' }],
])('a page of %s may sign in, refresh and sign out', async (_where, from: Record<string, string>) => {
  const page = new Browser(service, from);
  expect((await page.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(200);
  expect((await page.post('/v1/auth/refresh')).status).toBe(200);
  expect((await page.post('/v1/auth/logout')).status).toBe(204);
  expect(page.cookies).toEqual({});
});

test('a page of the service at another address is told where the service is; one of another site is not', async () => {
  const signIn = (from: Record<string, string>) => fromElsewhere('/v1/auth/login', from, { email, password: PASSWORD });
  const here = await signIn({ origin: service.url, 'sec-fetch-site': 'same-origin' });
  expect([here.status, here.code, here.body.serviceUrl]).toEqual([403, 'cross_site_refused', OWN]);
  expect(here.body.detail).toContain(`This service is at ${OWN}. Open its pages there.`);
  // Over plain http a browser says no more than this, but on localhost.
  expect((await signIn({ origin: service.url })).body.serviceUrl).toBe(OWN);

  const { body } = await signIn({ origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' });
  expect([body.code, body.serviceUrl]).toEqual(['cross_site_refused', undefined]);
});

test.each(['/v1/auth/refresh', '/v1/auth/logout'])(
  '%s without a body, which any page can send without asking first, is refused as well',
  async (path) => {
    const before = await sessions();
    const headers = { origin: 'https://evil.test', cookie: `${NAME}=${browser.cookies[NAME]}` };
    const answer = await send(service, path, { method: 'POST', headers });
    expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
    expect(await sessions()).toEqual(before);
  },
);

describe('What a page elsewhere can send without asking first is not read, even from our own origin', () => {
  const json = JSON.stringify({ email: 'x@example.com', password: PASSWORD });

  test.each([
    ['application/x-www-form-urlencoded', 'email=x%40example.com&password=p'],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nx\r\n--x--\r\n'],
    ['text/plain', json],
    ['text/plain; charset=application/json', json],
    ['application/x-www-form-urlencoded; application/json', json],
  ])('%s: 415', async (type, body) => {
    const before = await sessions();
    for (const path of ['register', 'login', 'refresh', 'logout']) {
      const response = await fetch(`${service.url}/v1/auth/${path}`, {
        method: 'POST',
        headers: { 'content-type': type, origin: OWN, cookie: `${NAME}=${browser.cookies[NAME]}` },
        body,
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        415,
        'unsupported_media_type',
      ]);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await sessions()).toEqual(before);
  });
});

test('the cookie alone opens nothing but refresh and sign-out', async () => {
  const routes: [string, string, unknown?][] = [
    ['GET', '/v1/users/me'],
    ['DELETE', '/v1/users/me'],
    ['GET', '/v1/sessions'],
    ['DELETE', '/v1/sessions?except=current'],
    ['POST', '/v1/auth/logout-all'],
    ['POST', '/v1/auth/password', { currentPassword: PASSWORD, newPassword: 'difference engine 1822' }],
    ['POST', '/v1/auth/reauthenticate', { password: PASSWORD }],
  ];
  for (const [method, path, body] of routes) {
    expect(await browser.send(path, { method, body })).toMatchObject({ status: 401, code: 'token_missing' });
  }
  expect((await browser.post('/v1/auth/refresh')).status).toBe(200);
});
