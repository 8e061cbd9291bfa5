import { addApplication, administrationOf, applicationsOf } from './support/applications.js';
import { Browser, setCookies } from './support/browser.js';
import { cookieHeader } from './support/cookie-mode.js';
import { newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { ACT } from './support/operator.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

const SHOP_ORIGIN = 'https://shop.example.test';
const CLUB_ORIGIN = 'https://club.example.test';

let one: Service;
let two: Service;
let shop: string;
let club: string;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  shop = await addApplication(one, { origins: [SHOP_ORIGIN] });
  club = await addApplication(one, { origins: [CLUB_ORIGIN] });
  await applicationsOf(two).load();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const from = (origin: string) => ({ origin, 'sec-fetch-site': 'same-site' });
const refreshName = (id: string) => `__Host-portcullis-${id}`;
const accessName = (id: string) => `__Host-portcullis-access-${id}`;
const csrfName = (id: string) => `portcullis-csrf-${id}`;

/** One browser, with pages of three applications open: they share its cookies. */
class Pages {
  readonly email = newEmail();
  private readonly browser = new Browser(one, {});

  get cookies(): Record<string, string> {
    return this.browser.cookies;
  }

  /** As a page of this origin asks. */
  post(origin: string, path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.browser.post(path, body, { headers: { ...from(origin), ...headers } });
  }

  get(origin: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.browser.send(path, { headers: { ...from(origin), ...headers } });
  }

  /** Signed in to all three, the account having been made at the first. */
  async signInEverywhere(options: object = {}): Promise<Record<string, string>> {
    const sessions: Record<string, string> = {};
    for (const [origin, id] of [
      [PUBLIC_URL, 'account'],
      [SHOP_ORIGIN, shop],
      [CLUB_ORIGIN, club],
    ] as const) {
      const path = id === 'account' ? '/v1/auth/register' : '/v1/auth/login';
      const answer = await this.post(origin, path, {
        email: this.email,
        password: PASSWORD,
        applicationId: id,
        ...options,
      });
      expect([id, answer.code]).toEqual([id, null]);
      sessions[id] = answer.body.session.id;
    }
    return sessions;
  }

  refresh(origin: string, applicationId: string): Promise<Answer> {
    return this.post(origin, '/v1/auth/refresh', { applicationId });
  }
}

describe('Three applications in one browser', () => {
  test('have a cookie each; a refresh replaces one, a sign-out takes one away, and leaves the others alone', async () => {
    const pages = new Pages();
    const sessions = await pages.signInEverywhere();
    expect(Object.keys(pages.cookies).toSorted()).toEqual(['account', shop, club].map(refreshName).toSorted());
    await one.advance(11);
    for (const [origin, id] of [
      [SHOP_ORIGIN, shop],
      [CLUB_ORIGIN, club],
    ] as const) {
      const before = pages.cookies;
      const answer = await pages.refresh(origin, id);
      expect([answer.status, answer.body.session.id]).toEqual([200, sessions[id]]);
      const changed = Object.keys(before).filter((name) => before[name] !== pages.cookies[name]);
      expect(changed).toEqual([refreshName(id)]);
    }
    expect((await pages.post(SHOP_ORIGIN, '/v1/auth/logout', { applicationId: shop })).status).toBe(204);
    expect(Object.keys(pages.cookies).toSorted()).toEqual(['account', club].map(refreshName).toSorted());
    expect((await pages.refresh(CLUB_ORIGIN, club)).status).toBe(200);
    expect((await pages.refresh(PUBLIC_URL, 'account')).body.session.id).toBe(sessions['account']);
    expect((await pages.refresh(SHOP_ORIGIN, shop)).code).toBe('refresh_token_invalid');
  });

  test('by access token: the cookies of the others, signed in as somebody else, contradict nothing', async () => {
    const [pages, other] = [new Pages(), new Pages()];
    await pages.signInEverywhere({ accessCookie: true });
    const answer = await pages.post(SHOP_ORIGIN, '/v1/auth/login', {
      email: (await other.signInEverywhere(), other.email),
      password: PASSWORD,
      applicationId: shop,
    });
    const bearer = { authorization: `Bearer ${answer.body.accessToken}` };
    expect((await pages.get(SHOP_ORIGIN, '/v1/sessions/current', bearer)).body.id).toBe(answer.body.session.id);
    const before = pages.cookies;
    const again = await pages.post(SHOP_ORIGIN, '/v1/auth/reauthenticate', { password: PASSWORD }, bearer);
    expect([again.status, again.body.session.id]).toEqual([200, answer.body.session.id]);
    expect(Object.keys(before).filter((name) => before[name] !== pages.cookies[name])).toEqual([refreshName(shop)]);
    const fresh = { authorization: `Bearer ${again.body.accessToken}` };
    expect((await pages.post(SHOP_ORIGIN, '/v1/auth/logout', { applicationId: shop }, fresh)).status).toBe(204);
    expect((await pages.refresh(CLUB_ORIGIN, club)).body.user.email).toBe(pages.email);
  });

  test('by access token, the cookie of the same application and another session is a contradiction', async () => {
    const [pages, other] = [new Pages(), new Pages()];
    await pages.signInEverywhere({ accessCookie: true });
    await other.signInEverywhere();
    const { accessToken } = (await other.refresh(SHOP_ORIGIN, shop)).body;
    const answer = await pages.get(SHOP_ORIGIN, '/v1/sessions/current', { authorization: `Bearer ${accessToken}` });
    expect([answer.status, answer.code]).toEqual([400, 'credentials_ambiguous']);
  });
});

describe('Full cookie mode of an application', () => {
  test('a route that takes any token is asked with the cookie of the application that the query names', async () => {
    const pages = new Pages();
    const sessions = await pages.signInEverywhere({ accessCookie: true });
    for (const [origin, id] of [
      [PUBLIC_URL, 'account'],
      [SHOP_ORIGIN, shop],
      [CLUB_ORIGIN, club],
    ] as const) {
      const answer = await pages.get(origin, `/v1/sessions/current?application=${id}`);
      expect([answer.status, answer.body.id]).toEqual([200, sessions[id]]);
    }
    expect((await pages.get(PUBLIC_URL, '/v1/sessions/current')).body.id).toBe(sessions['account']);
    for (const query of ['application=nobody', 'application=', `application=${shop}&application=${club}`])
      expect((await pages.get(SHOP_ORIGIN, `/v1/sessions/current?${query}`)).code).toBe('token_missing');
    // A route of the account takes the account's cookie, whatever the query says.
    expect((await pages.get(PUBLIC_URL, `/v1/users/me?application=${shop}`)).status).toBe(200);
  });

  test.each(['/v1/users/me', '/v1/admin/users', '/v1/sessions/current', '/v1/sessions/current/events'])(
    '%s says nothing to a page of another application, though the browser sends the cookie along',
    async (path) => {
      const pages = new Pages();
      await pages.signInEverywhere({ accessCookie: true });
      expect((await pages.get(SHOP_ORIGIN, path)).code).toBe('cross_site_refused');
      expect((await pages.get(SHOP_ORIGIN, `${path}?application=${club}`)).code).toBe('cross_site_refused');
      expect((await pages.get('null', path)).code).toBe('cross_site_refused');
    },
  );

  test('what changes something needs the CSRF token of that session, and a page of that application', async () => {
    const pages = new Pages();
    await pages.signInEverywhere({ accessCookie: true });
    const reauthenticate = (origin: string, csrfOf: string) =>
      pages.post(
        origin,
        `/v1/auth/reauthenticate?application=${shop}`,
        { password: PASSWORD },
        {
          'x-csrf-token': pages.cookies[csrfName(csrfOf)]!,
        },
      );
    expect((await reauthenticate(SHOP_ORIGIN, 'account')).code).toBe('cross_site_refused');
    expect((await reauthenticate(PUBLIC_URL, shop)).code).toBe('cross_site_refused');
    expect((await reauthenticate(CLUB_ORIGIN, shop)).code).toBe('cross_site_refused');
    const before = pages.cookies;
    expect((await reauthenticate(SHOP_ORIGIN, shop)).status).toBe(200);
    const changed = Object.keys(before).filter((name) => before[name] !== pages.cookies[name]);
    expect(changed.toSorted()).toEqual([refreshName(shop), accessName(shop)].toSorted());
  });

  test('a token of one application in the cookie of another is refused', async () => {
    const pages = new Pages();
    await pages.signInEverywhere({ accessCookie: true });
    const moved = { [accessName(shop)]: pages.cookies[accessName('account')] };
    const answer = await send(one, `/v1/sessions/current?application=${shop}`, {
      headers: { cookie: cookieHeader(moved) },
    });
    expect([answer.status, answer.code]).toEqual([401, 'token_invalid']);
  });

  test('signing out by it alone ends that session, and clears its three cookies and no other', async () => {
    const pages = new Pages();
    await pages.signInEverywhere({ accessCookie: true });
    const answer = await pages.post(SHOP_ORIGIN, '/v1/auth/logout', { applicationId: shop });
    expect(answer.status).toBe(204);
    expect(
      setCookies(answer)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([refreshName(shop), accessName(shop), csrfName(shop)].toSorted());
    expect((await pages.get(PUBLIC_URL, '/v1/users/me')).status).toBe(200);
  });
});

describe('An origin', () => {
  test.each(['/v1/auth/refresh', '/v1/auth/logout'])(
    'of one application may not use the cookie of another: %s',
    async (path) => {
      const pages = new Pages();
      await pages.signInEverywhere();
      for (const [origin, id] of [
        [CLUB_ORIGIN, shop],
        [PUBLIC_URL, shop],
        [SHOP_ORIGIN, 'account'],
      ] as const) {
        const answer = await pages.post(origin, path, { applicationId: id });
        expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
        expect(setCookies(answer)).toEqual([]);
      }
      expect((await pages.refresh(SHOP_ORIGIN, shop)).status).toBe(200);
    },
  );

  test.each([
    ['of another application', CLUB_ORIGIN],
    ['of the service itself', PUBLIC_URL],
    ['on no list', 'https://evil.test'],
    ['of sandboxed frames', 'null'],
    ['that begins like a listed one', `${SHOP_ORIGIN}.evil.test`],
    ['with another port', `${SHOP_ORIGIN}:8443`],
  ])('%s may not sign anybody in to it', async (_, origin) => {
    const pages = new Pages();
    const body = { email: pages.email, password: PASSWORD, applicationId: shop };
    const answer = await pages.post(origin, '/v1/auth/register', body);
    expect([answer.status, answer.code]).toEqual([403, 'cross_site_refused']);
    expect(await one.db.query('select from users where email = $1', [pages.email])).toEqual([]);
  });

  test('on another site is told that no cookie would arrive; by body it signs in', async () => {
    const body = { email: newEmail(), password: PASSWORD, applicationId: shop };
    const headers = { origin: SHOP_ORIGIN, 'sec-fetch-site': 'cross-site' };
    const answer = await send(one, '/v1/auth/register', { body, headers });
    expect(answer).toMatchObject({ status: 403, code: 'cross_site_refused' });
    expect(answer.body.detail).toContain('"body"');
    const made = await send(one, '/v1/auth/register', { body: { ...body, delivery: 'body' }, headers });
    expect(made.body).toHaveProperty('refreshToken');
    expect(setCookies(made)).toEqual([]);
  });

  const allowed = async (origin: string, at: Service) =>
    (await send(at, '/health/live', { headers: { origin } })).headers.get('access-control-allow-origin');

  test('of any application may read answers, and no other, and never null', async () => {
    for (const instance of [one, two]) {
      for (const origin of [SHOP_ORIGIN, CLUB_ORIGIN, PUBLIC_URL]) expect(await allowed(origin, instance)).toBe(origin);
      for (const origin of ['null', 'https://evil.test', `${SHOP_ORIGIN}:8443`, 'http://shop.example.test'])
        expect(await allowed(origin, instance)).toBeNull();
    }
  });

  test('that is added or taken away counts without a restart: here at once, elsewhere with the next look', async () => {
    const [old, fresh] = ['https://old.example.test', 'https://new.example.test'];
    const id = await addApplication(one, { origins: [old] });
    await applicationsOf(two).load();
    const pages = new Pages();
    const body = { email: pages.email, password: PASSWORD, applicationId: id };
    expect((await pages.post(old, '/v1/auth/register', body)).status).toBe(201);
    await administrationOf(one).update(id, { origins: [fresh] }, ACT);
    expect([await allowed(old, one), await allowed(fresh, one)]).toEqual([null, fresh]);
    expect((await pages.refresh(old, id)).code).toBe('cross_site_refused');
    expect((await pages.refresh(fresh, id)).status).toBe(200);
    await applicationsOf(two).refresh();
    expect([await allowed(old, two), await allowed(fresh, two)]).toEqual([null, fresh]);
  });
});

describe('The delivery', () => {
  const register = (applicationId: string, body: object = {}, headers: Record<string, string> = {}) =>
    send(one, '/v1/auth/register', {
      body: { email: newEmail(), password: PASSWORD, applicationId, ...body },
      headers,
    });

  test('that an application may not have is refused, however it is asked for, and no account is made', async () => {
    const [byBody, byCookie] = [
      await addApplication(one, { delivery: ['body'], origins: [SHOP_ORIGIN] }),
      await addApplication(one, { delivery: ['cookie'], origins: [SHOP_ORIGIN] }),
    ];
    const [{ count }] = (await one.db.query('select count(*) from users')) as [{ count: string }];
    for (const [id, body] of [
      [byBody, { delivery: 'cookie' }],
      [byBody, { accessCookie: true }],
      [byCookie, { delivery: 'body' }],
    ] as const) {
      const answer = await register(id, body, from(SHOP_ORIGIN));
      expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
      expect(answer.body.errors).toEqual([{ pointer: '/delivery', detail: expect.stringContaining('may have') }]);
    }
    expect(await one.db.query('select count(*) from users')).toEqual([{ count }]);
  });

  test('is the one it may have where nothing is asked for, by the rules of that one', async () => {
    const byBody = await addApplication(one, { delivery: ['body'] });
    expect((await register(byBody, {}, from(SHOP_ORIGIN))).body).toHaveProperty('refreshToken');
    const byCookie = await addApplication(one, { delivery: ['cookie'], origins: [SHOP_ORIGIN] });
    expect((await register(byCookie)).code).toBe('cross_site_refused');
    expect(setCookies(await register(byCookie, {}, from(SHOP_ORIGIN)))).toMatchObject([
      { name: refreshName(byCookie) },
    ]);
  });

  test('and the application bind a refresh token: with another of either it is refused, and nothing changes', async () => {
    const { refreshToken } = (await register(shop, { delivery: 'body' })).body;
    const pages = new Pages();
    await pages.signInEverywhere();
    const rows = () => one.db.query('select json_agg(s order by id) as rows from sessions s');
    const before = await rows();
    for (const applicationId of ['account', club]) {
      const answer = await send(one, '/v1/auth/refresh', { body: { refreshToken, applicationId } });
      expect([answer.status, answer.code]).toEqual([401, 'refresh_token_invalid']);
    }
    const cookie = `${refreshName(shop)}=${refreshToken}`;
    const asCookie = await send(one, '/v1/auth/refresh', {
      body: { applicationId: shop },
      headers: { ...from(SHOP_ORIGIN), cookie },
    });
    expect(asCookie.code).toBe('refresh_token_invalid');
    const moved = `${refreshName(club)}=${pages.cookies[refreshName(shop)]}`;
    const elsewhere = await send(one, '/v1/auth/refresh', {
      body: { applicationId: club },
      headers: { ...from(CLUB_ORIGIN), cookie: moved },
    });
    expect(elsewhere.code).toBe('refresh_token_invalid');
    expect(await rows()).toEqual(before);
  });
});

test.each(['register', 'login', 'refresh', 'logout'])(
  '%s for an application there is not: validation_failed',
  async (act) => {
    const credentials = ['register', 'login'].includes(act) ? { email: newEmail(), password: PASSWORD } : {};
    for (const applicationId of ['nobody', '', '__proto__', 'a'.repeat(63), "'; drop table users"]) {
      const answer = await send(one, `/v1/auth/${act}`, { body: { ...credentials, applicationId } });
      expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
      expect(answer.body.errors[0].pointer).toBe('/applicationId');
    }
  },
);
