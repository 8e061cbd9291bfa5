import { NetworkError, PortcullisError } from '@portcullis/client';
import { ClientBrowser, stopService } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

const newBrowser = () => new ClientBrowser(service);

async function signedIn(environment = {}) {
  const browser = newBrowser();
  const tab = browser.open({ environment });
  const email = newEmail();
  await tab.client.register({ email, password: PASSWORD });
  return { browser, tab, client: tab.client, email };
}

describe('Signing in', () => {
  test('registers and is signed in: state, event and requests', async () => {
    const { client, tab, email } = await signedIn();
    expect(client.session).toMatchObject({ state: 'signed_in', user: { email } });
    expect(tab.events).toEqual([{ name: 'signedIn', event: expect.objectContaining({ how: 'sign_in' }) }]);
    expect(await client.request('/v1/users/me')).toMatchObject({ email });
  });

  test('with a wrong password throws the refusal, and changes nothing', async () => {
    const { browser, email } = await signedIn();
    const other = browser.open().client;
    const wrong = other.signIn({ email, password: 'not the password' });
    await expect(wrong).rejects.toMatchObject({ name: 'PortcullisError', code: 'credentials_invalid', status: 401 });
    expect(await other.request('/v1/users/me')).toMatchObject({ email });
  });

  test('says which field is wrong', async () => {
    const refused: unknown = await newBrowser()
      .open()
      .client.register({ email: 'nobody', password: PASSWORD })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PortcullisError);
    expect(refused).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/email' }] });
  });

  test('survives a reload by the cookie, with one refresh; nothing secret is stored', async () => {
    const { browser, tab, email } = await signedIn();
    tab.client.close();
    const reloaded = browser.open();
    expect(await reloaded.client.ready()).toMatchObject({ state: 'signed_in', user: { email } });
    expect(reloaded.heard('signedIn')).toMatchObject([{ how: 'restored' }]);
    expect(browser.requests('/v1/auth/refresh').map(({ status }) => status)).toEqual([200]);
    expect(Object.keys(browser.record).toSorted()).toEqual(['at', 'session', 'user']);
  });

  test('the access token goes to the service and to origins that are named, and nowhere else', async () => {
    const { browser } = await signedIn();
    const seen: (string | null)[] = [];
    const fetch = async (input: Parameters<typeof globalThis.fetch>[0]) => {
      seen.push(new Request(input).headers.get('authorization'));
      return new Response('{}');
    };
    const { environment } = { environment: { fetch: Object.assign(fetch) as typeof globalThis.fetch } };
    const tab = browser.open({ apiOrigins: ['https://api.example.test'] });
    await tab.client.ready();
    const other = browser.open({ apiOrigins: ['https://api.example.test'], environment });
    other.client.on('signedIn', () => {});
    await tab.client.refresh();
    await poll(() => other.client.session.state === 'signed_in');
    await other.client.fetch('https://api.example.test/things');
    await other.client.fetch('https://elsewhere.example/things');
    await other.client.fetch('https://id.example.test.elsewhere.example/');
    expect(seen).toEqual([expect.stringMatching(/^Bearer ey/), null, null]);
  });
});

describe('Nobody signed in', () => {
  test('a page load costs one refused call, whatever the page then asks', async () => {
    const browser = newBrowser();
    const { client } = browser.open();
    expect(await client.ready()).toEqual({ state: 'anonymous' });
    expect([await client.ready(), await client.accessToken()]).toEqual([{ state: 'anonymous' }, null]);
    expect(browser.sent).toMatchObject([{ path: '/v1/auth/refresh', status: 401, code: 'refresh_token_invalid' }]);
  });

  test('until somebody signs in without a client: the next page that is loaded knows', async () => {
    const browser = newBrowser();
    expect(await browser.open().client.ready()).toEqual({ state: 'anonymous' });
    const account = { email: newEmail(), password: PASSWORD };
    await browser.fetch(0, `${PUBLIC_URL}/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(account),
    });
    expect(await browser.open().client.ready()).toMatchObject({ state: 'signed_in', user: { email: account.email } });
  });

  test('a request goes without a token, and its refusal is given back without another call', async () => {
    const { client } = newBrowser().open();
    await client.ready();
    await expect(client.request('/v1/users/me')).rejects.toMatchObject({ code: 'token_missing', action: 'refresh' });
  });

  test('a cookie whose record was cleared is found again', async () => {
    const { browser, tab } = await signedIn();
    tab.client.close();
    browser.clearStorage();
    expect(await browser.open().client.ready()).toMatchObject({ state: 'signed_in' });
  });
});

describe('An access token that is no longer good', () => {
  test.each([
    ['with locks', {}],
    ['without locks', { locks: undefined }],
  ])('is refreshed once for fifty requests, and each is answered (%s)', async (_with, environment) => {
    const { browser, client } = await signedIn(environment);
    await browser.service.advance(660);
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.fetch('/v1/users/me')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(browser.requests('/v1/auth/refresh')).toHaveLength(1);
  });

  test('is not even sent when it has run out by the clock', async () => {
    const { browser, client } = await signedIn();
    await browser.advance(660);
    expect((await client.fetch('/v1/users/me')).status).toBe(200);
    expect(browser.requests('/v1/users/me').map(({ status }) => status)).toEqual([200]);
  });

  test('a body is sent again whole', async () => {
    const { browser, client } = await signedIn();
    await browser.service.advance(660);
    const name = 'Ada, Countess of Lovelace';
    expect(await client.request('/v1/users/me', { method: 'PATCH', body: { name } })).toMatchObject({ name });
    expect(browser.requests('/v1/users/me').map(({ status }) => status)).toEqual([401, 200]);
  });

  test('a second refusal is given back: no loop', async () => {
    const { browser, client } = await signedIn();
    const refused = () =>
      Response.json(
        { code: 'token_expired', action: 'refresh' },
        { status: 401, headers: { 'content-type': 'application/problem+json' } },
      );
    browser.intercept = async ({ path }, proceed) => (path === '/v1/users/me' ? refused() : proceed());
    expect((await client.fetch('/v1/users/me')).status).toBe(401);
    expect(browser.requests('/v1/users/me')).toHaveLength(2);
    expect(client.session.state).toBe('signed_in');
  });
});

describe('Proving again who it is', () => {
  test('reauthenticates and changes the password, also with an outdated token; this device stays', async () => {
    const { browser, client, email } = await signedIn();
    await client.reauthenticate(PASSWORD);
    await browser.service.advance(660);
    await client.changePassword({ currentPassword: PASSWORD, newPassword: 'difference engine 1822' });
    expect(await client.request('/v1/users/me')).toMatchObject({ email });
    const other = newBrowser().open().client;
    expect(await other.signIn({ email, password: 'difference engine 1822' })).toMatchObject({ email });
  });

  test('with a wrong password is refused and signs nobody out', async () => {
    const { client } = await signedIn();
    await expect(client.reauthenticate('wrong password')).rejects.toMatchObject({ code: 'credentials_invalid' });
    expect(client.session.state).toBe('signed_in');
    expect((await client.fetch('/v1/users/me')).status).toBe(200);
  });
});

describe('Signing out', () => {
  test('here ends this session and no other', async () => {
    const { client, tab, browser, email } = await signedIn();
    const other = newBrowser().open().client;
    await other.signIn({ email, password: PASSWORD });
    expect(await client.signOut()).toEqual({ pending: false });
    expect(client.session).toEqual({ state: 'anonymous', reason: 'this_tab' });
    expect(tab.heard('signedOut')).toEqual([{ reason: 'this_tab' }]);
    expect(browser.cookies.size).toBe(0);
    expect((await other.fetch('/v1/users/me')).status).toBe(200);
  });

  test('everywhere ends all', async () => {
    const { client, email } = await signedIn();
    const other = newBrowser().open().client;
    await other.signIn({ email, password: PASSWORD });
    await client.signOutEverywhere();
    expect(client.session).toEqual({ state: 'anonymous', reason: 'signed_out_everywhere' });
    expect((await other.fetch('/v1/users/me')).status).toBe(401);
    await poll(() => other.session.state === 'anonymous');
    expect(other.session).toEqual({ state: 'anonymous', reason: 'signed_out_everywhere' });
  });

  test('everywhere, without a network, is an error and not a sign-out', async () => {
    const { client, browser } = await signedIn();
    browser.isOnline = false;
    await expect(client.signOutEverywhere()).rejects.toBeInstanceOf(NetworkError);
    expect(client.session.state).toBe('signed_in');
  });
});
