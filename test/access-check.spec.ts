import { ApplicationsService } from '../src/applications/applications.service.js';
import { claimsOf, signerOf } from './support/access-token.js';
import { addApplication, registerAt } from './support/applications.js';
import { Browser } from './support/browser.js';
import { cookieHeader, csrf, registerByCookie } from './support/cookie-mode.js';
import { Device, PASSWORD, newEmail, send, type Answer } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { changeAccount } from './support/operator.js';
import { statementsOfRequests } from './support/request-statements.js';
import { change } from './support/revocation.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { startProxy } from './support/tcp-proxy.js';

const SHOP_PAGE = { origin: 'https://shop.example.test', 'sec-fetch-site': 'same-origin' };

let service: Service;
let shop: string;

beforeAll(async () => {
  service = await startService({ extras: { imports: [GuardedRoutesModule] } });
  shop = await addApplication(service);
  await service.db.query('update applications set origins = $2 where id = $1', [shop, [SHOP_PAGE.origin]]);
  await service.app.get(ApplicationsService, { strict: false }).load();
});
afterAll(() => service.stop());

/** What a proxy is told of a request with these headers. */
function check(headers: Record<string, string>, application = 'account', at: Pick<Service, 'url'> = service) {
  return send(at, `/v1/auth/check?application=${application}`, { headers });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const named = ({ headers }: Answer) =>
  ['user', 'session', 'application', 'roles'].map((name) => headers.get(`x-portcullis-${name}`));

test('204 says who is asking, and nobody may keep the answer', async () => {
  const device = await Device.register(service);
  await changeAccount(service, device.userId, { roles: ['editor', 'reader'] });
  await device.refresh();
  const answer = await check({ ...bearer(device.accessToken), 'x-portcullis-user': 'mallory' });
  expect([answer.status, answer.body]).toEqual([204, null]);
  expect(named(answer)).toEqual([device.userId, device.sessionId, 'account', 'editor,reader']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('a token is good for its own application and for no other', async () => {
  const [mine, own] = [await registerAt(service, shop), await Device.register(service)];
  expect(named(await check(bearer(mine.accessToken), shop))).toEqual([mine.userId, mine.sessionId, shop, '']);
  for (const [token, application] of [
    [mine.accessToken, 'account'],
    [own.accessToken, shop],
    [own.accessToken, 'nobody'],
  ]) {
    expect(await check(bearer(token!), application)).toMatchObject({ status: 401, code: 'token_invalid' });
  }
  const without = await send(service, '/v1/auth/check', { token: own.accessToken });
  expect(without).toMatchObject({ status: 400, code: 'validation_failed' });
});

test('a refusal is the one of the guard, to the letter: status, code, WWW-Authenticate', async () => {
  const [ended, old, good, suspended] = await Promise.all(Array.from({ length: 4 }, () => Device.register(service)));
  await ended!.send('/v1/auth/logout', { method: 'POST' });
  await old!.send('/v1/auth/logout-all', { method: 'POST' });
  await changeAccount(service, suspended!.userId, { status: 'suspended' });
  const one = await Device.register(service);
  await change(service, '', { kind: 'token', subject: claimsOf(one.accessToken).jti, applicationId: 'account' });
  const signer = signerOf(good!);
  const now = Math.floor(Date.now() / 1000);
  const headers: Record<string, string>[] = [
    {},
    { authorization: 'Basic YTpi' },
    bearer('rubbish'),
    ...[ended!, old!, suspended!, one].map(({ accessToken }) => bearer(accessToken)),
    bearer(signer.sign(signer.header(), signer.claims({ iat: now - 700, exp: now - 100 }))),
  ];
  const seen = ({ status, body, headers }: Answer) => {
    const { requestId: _, ...rest } = body;
    return { status, rest, challenge: headers.get('www-authenticate') };
  };
  const codes = new Set<string | null>();
  for (const one of headers) {
    const answer = await check(one);
    expect(seen(answer)).toEqual(seen(await send(service, '/plain', { headers: one })));
    codes.add(answer.code);
  }
  expect([...codes].toSorted()).toEqual([
    'account_suspended',
    'session_ended',
    'token_expired',
    'token_invalid',
    'token_missing',
    'token_outdated',
    'token_revoked',
  ]);
});

test('without a deny-list that can be trusted: 503, neither yes nor no', async () => {
  const proxy = await startProxy(service.db.url);
  const two = await startService({ besides: service, env: { DATABASE_URL: proxy.url } });
  const device = await Device.register(service);
  expect((await check(bearer(device.accessToken), 'account', two)).status).toBe(204);
  proxy.cut();
  let answer: Answer;
  do answer = await check(bearer(device.accessToken), 'account', two);
  while (answer.status === 204);
  expect(answer).toMatchObject({ status: 503, code: 'revocation_unavailable' });
  expect(answer.headers.get('retry-after')).toBe('1');
  await two.stop();
  await proxy.close();
});

describe('full cookie mode', () => {
  const by = (browser: Browser, headers: Record<string, string> = {}) => ({
    cookie: cookieHeader(browser.cookies),
    ...headers,
  });
  const method = (name: string) => ({ 'x-original-method': name });

  test('a method that changes nothing needs the cookie alone, any other one the CSRF token of its session', async () => {
    const { browser, userId } = await registerByCookie(service);
    const stranger = (await registerByCookie(service)).browser;
    for (const name of ['GET', 'HEAD', 'OPTIONS']) {
      expect(named(await check(by(browser, method(name))))[0]).toBe(userId);
    }
    for (const name of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'get', '', 'GET, POST']) {
      const forgeries = [{}, csrf(stranger).headers, { ...csrf(browser).headers, origin: 'https://evil.example' }];
      for (const headers of forgeries) {
        const answer = await check(by(browser, { ...method(name), ...headers }));
        expect([name, answer.status, answer.code]).toEqual([name, 403, 'cross_site_refused']);
      }
      const answer = await check(by(browser, { ...method(name), ...csrf(browser).headers, origin: PUBLIC_URL }));
      expect([name, answer.status]).toEqual([name, 204]);
    }
  });

  test('a proxy that does not name the method gets no request passed that could change something', async () => {
    const { browser } = await registerByCookie(service);
    expect(await check(by(browser))).toMatchObject({ status: 403, code: 'cross_site_refused' });
    expect((await check(by(browser, csrf(browser).headers))).status).toBe(204);
  });

  test('the cookie and the pages of the application that is asked about count, and no other ones', async () => {
    const browser = new Browser(service, SHOP_PAGE);
    const account = { email: newEmail(), password: PASSWORD, applicationId: shop, accessCookie: true };
    const { status, body } = await browser.post('/v1/auth/register', account);
    expect(status).toBe(201);
    const csrfToken = { 'x-csrf-token': browser.cookies[`portcullis-csrf-${shop}`]! };
    const post = (origin: string) => by(browser, { ...method('POST'), ...csrfToken, origin });
    expect(named(await check(post(SHOP_PAGE.origin), shop))[0]).toBe(body.user.id);
    expect((await check(post(PUBLIC_URL), shop)).code).toBe('cross_site_refused');
    expect((await check(post(PUBLIC_URL), 'account')).code).toBe('token_missing');
  });

  test('is not looked at beside an Authorization header; that of another session beside a good token is a contradiction', async () => {
    const { browser } = await registerByCookie(service);
    const device = await Device.register(service);
    const get = method('GET');
    expect((await check(by(browser, { ...get, authorization: 'Basic YTpi' }))).code).toBe('token_missing');
    expect((await check(by(browser, { ...get, ...bearer(device.accessToken) }))).code).toBe('credentials_ambiguous');
  });
});

test('it counts as use of the session', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  await service.advance(60);
  const before = Date.now() + service.db.shiftSeconds * 1000;
  await check(bearer(device.accessToken));
  const { items } = (await other.send('/v1/sessions')).body;
  const seen = items.find((item: { id: string }) => item.id === device.sessionId).lastActiveAt;
  expect(Date.parse(seen)).toBeGreaterThanOrEqual(before);
});

test('it costs no statement of the database, the first one with a token included', async () => {
  const devices = await Promise.all(Array.from({ length: 10 }, () => registerAt(service, shop)));
  const statements = await statementsOfRequests(service, async () => {
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(devices.map(({ accessToken }) => check(bearer(accessToken), shop)));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204));
    }
  });
  expect(statements).toEqual([]);
});
