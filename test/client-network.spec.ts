import { NetworkError } from '@portcullis/client';
import { ClientBrowser, lost, stopService, type Tab } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

async function signedIn() {
  const browser = new ClientBrowser(service);
  const tab = browser.open();
  const email = newEmail();
  await tab.client.register({ email, password: PASSWORD });
  return { browser, tab, client: tab.client, email };
}

const refreshes = (browser: ClientBrowser) => browser.requests('/v1/auth/refresh');
const logouts = (browser: ClientBrowser) => browser.requests('/v1/auth/logout');

/** Whether the session of this browser's cookie lives on the server. */
async function lives(sessionId: string): Promise<boolean> {
  const rows = await service.db.query<{ ended_at: Date | null }>('select ended_at from sessions where id = $1', [
    sessionId,
  ]);
  return rows[0]!.ended_at === null;
}

function sessionOf({ client }: Tab): string {
  if (client.session.state !== 'signed_in') throw new Error('nobody is signed in');
  return client.session.session.id;
}

describe('Signing out without a network', () => {
  test('takes effect here at once, and on the server as soon as the network is back', async () => {
    const { browser, tab, client } = await signedIn();
    const session = sessionOf(tab);
    browser.isOnline = false;
    expect(await client.signOut()).toEqual({ pending: true });
    expect(client.session).toEqual({ state: 'anonymous', reason: 'this_tab' });
    expect(await lives(session)).toBe(true);
    browser.isOnline = true;
    tab.dispatch('online');
    await poll(() => browser.cookies.size === 0);
    expect(await lives(session)).toBe(false);
  });

  test('is made up for at the next load, before any refresh', async () => {
    const { browser, tab, client } = await signedIn();
    const session = sessionOf(tab);
    browser.isOnline = false;
    await client.signOut();
    client.close();
    browser.isOnline = true;
    const reloaded = browser.open();
    expect(await reloaded.client.ready()).toEqual({ state: 'anonymous' });
    await poll(async () => !(await lives(session)));
    expect(refreshes(browser)).toEqual([]);
    expect(reloaded.events).toEqual([]);
  });

  test('also while it is still gone: nobody is signed in, and no refresh is tried', async () => {
    const { browser, client } = await signedIn();
    browser.isOnline = false;
    await client.signOut();
    const reloaded = browser.open().client;
    expect(await reloaded.ready()).toEqual({ state: 'anonymous' });
    await expect(reloaded.refresh()).rejects.toBeInstanceOf(NetworkError);
    browser.isOnline = true;
    expect(await reloaded.refresh()).toEqual({ state: 'anonymous' });
    expect(refreshes(browser)).toEqual([]);
  });

  test('a new sign-in ends the old session first, and is not signed out by it', async () => {
    const { browser, tab, client } = await signedIn();
    const session = sessionOf(tab);
    browser.isOnline = false;
    await client.signOut();
    browser.isOnline = true;
    await client.register({ email: newEmail(), password: PASSWORD });
    expect(await lives(session)).toBe(false);
    tab.dispatch('online');
    expect((await client.fetch('/v1/users/me')).status).toBe(200);
    expect(logouts(browser)).toHaveLength(2);
    expect(browser.record).not.toHaveProperty('signOut');
  });

  test('a tab whose refresh is under way does not undo it', async () => {
    const { browser, client } = await signedIn();
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    browser.intercept = async ({ path }, proceed) => {
      const response = await proceed();
      if (path === '/v1/auth/refresh') await held;
      return response;
    };
    const other = browser.open().client;
    const loading = other.ready();
    await poll(() => refreshes(browser).length === 1);
    const out = client.signOut();
    release();
    await Promise.allSettled([loading, out]);
    expect([client.session.state, other.session.state]).toEqual(['anonymous', 'anonymous']);
    expect((await client.fetch('/v1/users/me')).status).toBe(401);
    expect(browser.cookies.size).toBe(0);
  });
});

describe('A network that fails', () => {
  test('is a NetworkError, signs nobody out, and is forgotten when it is back', async () => {
    const { browser, tab, client } = await signedIn();
    browser.isOnline = false;
    await expect(client.fetch('/v1/users/me')).rejects.toBeInstanceOf(NetworkError);
    await browser.advance(660);
    await expect(client.request('/v1/users/me')).rejects.toBeInstanceOf(NetworkError);
    expect(tab.heard('signedOut')).toEqual([]);
    browser.isOnline = true;
    expect((await client.fetch('/v1/users/me')).status).toBe(200);
  });

  test('at page load leaves it unknown who is signed in, until it is back', async () => {
    const { browser, client, email } = await signedIn();
    client.close();
    browser.isOnline = false;
    const reloaded = browser.open();
    await expect(reloaded.client.ready()).rejects.toBeInstanceOf(NetworkError);
    expect(reloaded.client.session).toEqual({ state: 'unknown' });
    browser.isOnline = true;
    reloaded.dispatch('online');
    await poll(() => reloaded.client.session.state === 'signed_in');
    expect(reloaded.client.session).toMatchObject({ user: { email } });
  });

  test('that loses the answers to three refreshes in a row is bridged', async () => {
    const { browser, tab, client } = await signedIn();
    let losses = 3;
    browser.intercept = ({ path }, proceed) =>
      path === '/v1/auth/refresh' && losses-- > 0 ? lost(proceed) : proceed();
    await browser.advance(660);
    expect((await client.fetch('/v1/users/me')).status).toBe(200);
    expect(refreshes(browser)).toHaveLength(4);
    expect(tab.heard('signedOut')).toEqual([]);
  });
});

describe('A service that answers rubbish', () => {
  const page = '<!doctype html><title>502</title>';
  const rubbish: Record<string, () => Response> = {
    'a page of HTML with status 200': () => new Response(page, { headers: { 'content-type': 'text/html' } }),
    'half a document': () => new Response('{"accessToken":"ey', { headers: { 'content-type': 'application/json' } }),
    'another document': () => Response.json({ hello: 'world' }),
    'no document': () => Response.json(null),
    'a 401 of a proxy': () => new Response(page, { status: 401 }),
    'a 403 without a document': () => new Response(null, { status: 403 }),
    'a 500': () => Response.json({ code: 'internal_error' }, { status: 500 }),
  };

  test('is a typed error, whatever it is, and signs nobody out', async () => {
    const attempts = Object.values(rubbish).map(async (answer) => {
      const { browser, client, tab } = await signedIn();
      browser.intercept = async ({ path }, proceed) => (path.startsWith('/v1/auth') ? answer() : proceed());
      const refused: unknown = await client.refresh().catch((error: unknown) => error);
      expect(refused).toMatchObject({
        name: 'PortcullisError',
        code: expect.stringMatching(/^(unexpected_answer|internal_error)$/),
      });
      expect(tab.heard('signedOut')).toEqual([]);
      browser.intercept = (_request, proceed) => proceed();
      await client.refresh();
      expect((await client.fetch('/v1/users/me')).status).toBe(200);
    });
    await Promise.all(attempts);
  });

  test('to a request is a typed error too', async () => {
    const { browser, client } = await signedIn();
    browser.intercept = async () => new Response(page);
    await expect(client.request('/v1/users/me')).rejects.toMatchObject({ code: 'unexpected_answer', status: 200 });
  });
});

describe('A service that asks to come back', () => {
  const busy = (retryAfter: number, status = 503) =>
    Response.json(
      { code: 'unavailable', action: 'retry' },
      { status, headers: { 'retry-after': String(retryAfter), 'content-type': 'application/problem+json' } },
    );

  test.each([503, 429])('is asked again after a %d, as it says that nothing was done', async (status) => {
    const { browser, client } = await signedIn();
    let refusals = 1;
    browser.intercept = async (_request, proceed) => (refusals-- > 0 ? busy(1, status) : proceed());
    expect(await client.request('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } })).toMatchObject({
      name: 'Ada',
    });
  });

  test('is not asked for ever, and not at all when it asks for long', async () => {
    const { browser, client } = await signedIn();
    browser.intercept = async () => busy(1);
    expect((await client.fetch('/v1/users/me')).status).toBe(503);
    expect(browser.requests('/v1/users/me')).toHaveLength(3);
    browser.intercept = async () => busy(60);
    await expect(client.refresh()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 60 });
    expect(refreshes(browser)).toHaveLength(1);
    expect(client.session.state).toBe('signed_in');
  });
});
