import { Browser, setCookies } from './support/browser.js';
import { Device, FROM_OWN_PAGE, newEmail, PASSWORD, type Answer } from './support/device.js';
import { startFrozenService, type FrozenService } from './support/histories/frozen-service.js';
import { LIMITS } from './support/histories/model.js';
import { startService } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const NAME = '__Host-portcullis-account';
const GRACE = LIMITS.grace;

/** A script that has the cookie and says where it comes from, but is no browser. */
const FROM_A_SCRIPT = { origin: FROM_OWN_PAGE.origin };

let service: FrozenService;

beforeAll(async () => {
  service = await startFrozenService();
});
afterAll(() => service.stop());

async function register(from?: Record<string, string>) {
  const browser = new Browser(service, from);
  const { body } = await browser.post('/v1/auth/register', {
    email: newEmail(),
    password: PASSWORD,
    delivery: 'cookie',
  });
  return { browser, token: body.accessToken as string, sessionId: body.session.id as string };
}

const refresh = (browser: Browser): Promise<Answer> => browser.post('/v1/auth/refresh');

/** With an older cookie, as it comes from a tab whose request was overtaken, or from a thief. */
const refreshWith = (browser: Browser, value: string, from: object = {}): Promise<Answer> =>
  browser.post('/v1/auth/refresh', undefined, { headers: { cookie: `${NAME}=${value}`, ...from } });

describe("Within the grace, a browser's refresh by the current cookie", () => {
  test('gets a fresh access token that works, and moves nothing: after a sign-in', async () => {
    const { browser, token, sessionId } = await register();
    const before = await sessionRow(service, sessionId);
    await service.advance(GRACE - 1);
    const answer = await refresh(browser);
    expect([answer.status, setCookies(answer)]).toEqual([200, []]);
    expect(answer.body.accessToken).not.toBe(token);
    expect((await browser.send('/v1/users/me', { token: answer.body.accessToken })).status).toBe(200);
    expect(await sessionRow(service, sessionId)).toEqual(before);
  });

  test('and after a rotation, which the window does not slide from', async () => {
    const { browser, sessionId } = await register();
    const generations: string[] = [];
    for (let second = 0; second < 3 * GRACE; second += 3) {
      await service.advance(3);
      expect((await refresh(browser)).status).toBe(200);
      generations.push((await sessionRow(service, sessionId)).generation);
    }
    // At 12 and at 24 seconds.
    expect(generations).toEqual(['1', '1', '1', '2', '2', '2', '2', '3', '3', '3']);
  });

  test('and after a re-issue', async () => {
    const { browser, token, sessionId } = await register();
    await browser.post('/v1/auth/reauthenticate', { password: PASSWORD }, { token });
    const answer = await refresh(browser);
    expect([answer.status, setCookies(answer)]).toEqual([200, []]);
    expect((await sessionRow(service, sessionId)).generation).toBe('2');
  });

  test('rotates all the same where the grace has no length', async () => {
    const strict = await startService({ besides: service, env: { REFRESH_GRACE: '0s' } });
    try {
      const browser = new Browser(strict);
      const { body } = await browser.post('/v1/auth/register', { email: newEmail(), password: PASSWORD });
      for (let round = 2; round < 5; round++) {
        expect(setCookies(await refresh(browser))).toHaveLength(1);
        expect((await sessionRow(service, body.session.id)).generation).toBe(String(round));
      }
    } finally {
      await strict.stop();
    }
  });
});

describe("A browser's older cookie", () => {
  test('gets the current one within the grace; later it is a replay, and ends the session for good', async () => {
    const { browser } = await register();
    const first = browser.cookies[NAME]!;
    await service.advance(GRACE);
    await refresh(browser);
    const second = browser.cookies[NAME];
    await service.advance(GRACE - 1);
    expect((await refreshWith(browser, first)).status).toBe(200);
    expect(browser.cookies[NAME]).toBe(second);
    await service.advance(1);
    expect((await refreshWith(browser, first)).code).toBe('refresh_token_reused');
    const lenient = await startService({ besides: service, env: { REFRESH_GRACE: '60s' } });
    try {
      for (const at of [service, lenient]) {
        const again = await new Browser(at).post('/v1/auth/refresh', {}, { headers: { cookie: `${NAME}=${second}` } });
        expect(again.code).toBe('session_ended');
      }
    } finally {
      await lenient.stop();
    }
  });

  test('from before a rotation and the re-issue just after it gets nothing and ends nothing; later it is a replay', async () => {
    const { browser, token } = await register();
    const first = browser.cookies[NAME]!;
    await service.advance(GRACE);
    await refresh(browser);
    await browser.post('/v1/auth/reauthenticate', { password: PASSWORD }, { token });
    expect((await refreshWith(browser, first)).code).toBe('refresh_token_invalid');
    expect((await refresh(browser)).status).toBe(200);
    await service.advance(GRACE);
    expect((await refreshWith(browser, first)).code).toBe('refresh_token_reused');
    expect((await refresh(browser)).code).toBe('session_ended');
  });
});

describe('What is no browser', () => {
  test('gets the next token at each refresh, also with a cookie and an Origin; two before is a replay within the grace', async () => {
    const { browser } = await register(FROM_A_SCRIPT);
    const cookies = [browser.cookies[NAME]!];
    for (let round = 0; round < 2; round++) {
      await refresh(browser);
      cookies.push(browser.cookies[NAME]!);
    }
    expect(new Set(cookies).size).toBe(3);
    expect((await refreshWith(browser, cookies[0]!)).code).toBe('refresh_token_reused');
    expect((await refresh(browser)).code).toBe('session_ended');
  });

  test('gets no more by saying that it is one: within the grace, what the grace gives; a replay is a replay', async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    const pretend = () =>
      device.keeping(
        device.send('/v1/auth/refresh', { body: { refreshToken: device.refreshToken }, headers: FROM_OWN_PAGE }),
      );
    await pretend();
    await pretend();
    expect((await sessionRow(service, device.sessionId)).generation).toBe('3');
    expect((await device.refresh(first)).code).toBe('refresh_token_reused');
  });
});
