import { jest } from '@jest/globals';
import type { Server } from 'node:http';
import { ClientBrowser, stopService, type Tab } from './support/client-browser.js';
import { Device, newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

const EVENTS = '/v1/sessions/current/events';

/** A browser with tabs whose stream is open, and a device of the same person elsewhere. */
async function withElsewhere(tabCount = 1) {
  const browser = new ClientBrowser(service);
  const tabs = Array.from({ length: tabCount }, () => browser.open());
  const tab = tabs[0]!;
  const email = newEmail();
  await tab.client.register({ email, password: PASSWORD });
  await poll(() => tabs.every(({ client }) => client.session.state === 'signed_in'));
  await poll(() => browser.requests(EVENTS).some(({ status }) => status === 200));
  const elsewhere = new Device(service, email);
  await elsewhere.login();
  return { browser, tabs, tab, elsewhere };
}

function sessionOf({ client }: Tab): string {
  if (client.session.state !== 'signed_in') throw new Error('nobody is signed in');
  return client.session.session.id;
}

const end = (elsewhere: Device, id: string) => elsewhere.send(`/v1/sessions/${id}`, { method: 'DELETE' });

test('what changed among the devices while the stream was away is told when it is back', async () => {
  const { browser, tab, elsewhere } = await withElsewhere();
  let back!: () => void;
  const away = new Promise<void>((resolve) => (back = resolve));
  browser.intercept = async ({ path }, proceed) => {
    if (path === EVENTS) await away;
    return proceed();
  };
  (service.app.getHttpServer() as Server).closeAllConnections();
  await poll(() => browser.requests(EVENTS).length > 1);
  const heard = tab.heard('devicesChanged').length;
  await new Device(service, elsewhere.email).login();
  back();
  await poll(() => tab.heard('devicesChanged').length > heard);
});

test('A page that was left has nothing open, or the browser would not keep it for "back"', async () => {
  const { browser, tabs, tab } = await withElsewhere(2);
  const timers = jest.spyOn(globalThis, 'setTimeout');
  tab.leave();
  expect(tab.channels).toBe(0);
  expect(timers).not.toHaveBeenCalled();
  timers.mockRestore();
  // Its stream and its lock are the other tab's now.
  await poll(() => browser.requests(EVENTS).at(-1)!.tab === 1);
  expect(tabs.map(({ channels }) => channels)).toEqual([0, 1]);
  tab.comeBack();
  expect(tab.channels).toBe(1);
  expect(browser.requests(EVENTS).map((request) => request.tab)).toEqual([0, 1]);
  await tabs[1]!.client.signOut();
  await poll(() => tab.client.session.state === 'anonymous');
});

describe('A session ended from another device', () => {
  test('is over here as soon as the stream tells, in every tab, and says so: none of them asks', async () => {
    const { browser, tabs, tab, elsewhere } = await withElsewhere(3);
    const count = browser.sent.length;
    await end(elsewhere, sessionOf(tab));
    await poll(() => tabs.every(({ client }) => client.session.state === 'anonymous'));
    expect(tabs.map((one) => one.heard('signedOut'))).toEqual(tabs.map(() => [{ reason: 'another_device' }]));
    const asked = browser.sent.slice(count).filter(({ path }) => path !== EVENTS);
    expect(asked).toEqual([]);
    expect((await tab.client.fetch('/v1/users/me')).status).toBe(401);
  });

  test('of three tabs one listens; when it is hidden, another one does', async () => {
    const { browser, tabs, tab, elsewhere } = await withElsewhere(3);
    expect(browser.requests(EVENTS)).toHaveLength(1);
    tab.hide();
    await poll(() => browser.requests(EVENTS).length === 2);
    expect(browser.requests(EVENTS)[1]!.tab).not.toBe(0);
    await end(elsewhere, sessionOf(tab));
    await poll(() => tabs.every(({ client }) => client.session.state === 'anonymous'));
  });

  test('by a password change says that', async () => {
    const { tab, elsewhere } = await withElsewhere();
    const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
    await elsewhere.send('/v1/auth/password', { body: passwords });
    await poll(() => tab.client.session.state === 'anonymous');
    expect(tab.client.session).toEqual({ state: 'anonymous', reason: 'password_changed' });
  });

  test('is noticed at the next request where nothing listens', async () => {
    const { browser, tab, elsewhere } = await withElsewhere();
    tab.hide();
    await end(elsewhere, sessionOf(tab));
    tab.isVisible = true;
    expect((await tab.client.fetch('/v1/users/me')).status).toBe(401);
    expect(tab.heard('signedOut')).toEqual([{ reason: 'another_device' }]);
    expect(browser.requests('/v1/auth/refresh')).toHaveLength(1);
  });

  test('is noticed when the tab is shown again, or taken out of the back/forward cache', async () => {
    const { tab, elsewhere } = await withElsewhere();
    tab.leave();
    await end(elsewhere, sessionOf(tab));
    expect(tab.client.session.state).toBe('signed_in');
    tab.comeBack();
    await poll(() => tab.client.session.state === 'anonymous');
  });

  test.each<[string, () => Response]>([
    ['refused', () => new Response('<html>', { status: 502 })],
    ['answered with something else', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
  ])('is noticed by asking where the stream is %s', async (_how, answer) => {
    const browser = new ClientBrowser(service);
    browser.intercept = async ({ path }, proceed) => (path === EVENTS ? answer() : proceed());
    const tab = browser.open();
    const email = newEmail();
    await tab.client.register({ email, password: PASSWORD });
    const elsewhere = new Device(service, email);
    await elsewhere.login();
    await end(elsewhere, sessionOf(tab));
    await poll(() => tab.client.session.state === 'anonymous');
    expect(tab.heard('signedOut')).toEqual([{ reason: 'another_device' }]);
  });
});

describe('While it listens', () => {
  test('a new device is an event in every tab', async () => {
    const { tabs, elsewhere } = await withElsewhere(2);
    for (const tab of tabs) tab.events.length = 0;
    await elsewhere.another();
    await poll(() => tabs.every((tab) => tab.heard('devicesChanged').length > 0));
    expect(tabs.flatMap((tab) => tab.heard('signedOut'))).toEqual([]);
  });

  test('a token that is outdated is refreshed, silently', async () => {
    const { browser, tab } = await withElsewhere();
    await tab.client.changePassword({ currentPassword: PASSWORD, newPassword: 'difference engine 1822' });
    // It may open the second one before it has the new token: that one is refused, and a third follows.
    await poll(() => browser.requests(EVENTS).length > 1 && browser.requests(EVENTS).at(-1)!.status === 200);
    expect((await tab.client.fetch('/v1/users/me')).status).toBe(200);
    expect(tab.heard('signedOut')).toEqual([]);
  });

  test('an account that is suspended is out, and says so', async () => {
    const { tab, elsewhere } = await withElsewhere();
    await service.db.query(`update users set status = 'suspended' where id = $1`, [elsewhere.userId]);
    await tab.client.refresh();
    expect(tab.client.session).toEqual({ state: 'anonymous', reason: 'suspended' });
  });

  test('a refresh token that somebody has copied ends it, and says so', async () => {
    const { browser, tab } = await withElsewhere();
    const [name, copied] = [...browser.cookies][0]!;
    for (let round = 0; round < 2; round++) {
      await browser.advance(11);
      await tab.client.refresh();
    }
    browser.cookies.set(name, copied);
    await tab.client.refresh();
    expect(tab.client.session).toEqual({ state: 'anonymous', reason: 'reused' });
  });
});
