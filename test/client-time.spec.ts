import type { Server } from 'node:http';
import type { SessionState } from '@portcullis/client';
import { ClientBrowser, stopService, type Tab } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

const HOUR = 3_600_000;

/** Seconds. */
const IDLE = 900;
const MAX = 3_000;

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { SESSION_IDLE: `${IDLE}s`, SESSION_MAX: `${MAX}s` } });
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

async function withTabs(count: number, wallShift = 0) {
  const browser = new ClientBrowser(service, { warnBefore: 60 });
  browser.wallShift = wallShift;
  const tabs = Array.from({ length: count }, () => browser.open());
  await tabs[0]!.client.register({ email: newEmail(), password: PASSWORD });
  await poll(() => tabs.every(({ client }) => client.session.state === 'signed_in'));
  return { browser, tabs, tab: tabs[0]! };
}

/** Each tab looks at the clock, as it does by itself every few seconds. */
function look(tabs: Tab[]): void {
  for (const tab of tabs) tab.dispatch('online');
}

const streams = (browser: ClientBrowser) => browser.requests('/v1/sessions/current/events');
const refreshes = (browser: ClientBrowser) => browser.requests('/v1/auth/refresh');

describe('Before a session runs out unused', () => {
  test('every tab is told once, with the time that is left', async () => {
    const { browser, tabs } = await withTabs(3);
    await browser.advance(IDLE - 50);
    look(tabs);
    await poll(() => tabs.every((tab) => tab.heard('expiring').length > 0));
    look(tabs);
    for (const tab of tabs) {
      const [warning, ...more] = tab.heard('expiring');
      expect(more).toEqual([]);
      expect(warning!.kind).toBe('idle');
      expect(warning!.secondsLeft).toBeGreaterThan(40);
      expect(warning!.secondsLeft).toBeLessThanOrEqual(52);
    }
    expect(refreshes(browser)).toEqual([]);
  });

  test('what the person does in one tab postpones it in all', async () => {
    const { browser, tabs } = await withTabs(3);
    await browser.advance(IDLE - 50);
    look(tabs);
    await poll(() => tabs.every((tab) => tab.heard('expiring').length > 0));
    tabs[1]!.dispatch('keydown');
    await poll(() => tabs.every((tab) => tab.heard('postponed').length > 0));
    expect(refreshes(browser)).toHaveLength(1);
    expect(tabs[2]!.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
  });

  test('a hidden tab that was warned hears at once that it was postponed', async () => {
    const { browser, tabs, tab } = await withTabs(2);
    await browser.advance(IDLE - 50);
    look(tabs);
    await poll(() => tabs.every((one) => one.heard('expiring').length > 0));
    tabs[1]!.hide();
    await tab.client.stayActive();
    await poll(() => tabs[1]!.heard('postponed').length > 0);
  });

  test('a tab that got its tokens while it was hidden is warned when it is shown, after it was told of them', async () => {
    const { browser, tab } = await withTabs(1);
    for (const seconds of [600, 600, 600, 600, MAX - 2_400 - 45]) {
      await browser.advance(seconds);
      await tab.client.refresh();
    }
    const hidden = browser.open();
    hidden.isVisible = false;
    await hidden.client.ready();
    expect(hidden.events.map(({ name }) => name)).toEqual(['signedIn']);
    hidden.show();
    await poll(() => hidden.heard('expiring').length > 0);
    expect(hidden.heard('expiring')).toMatchObject([{ kind: 'absolute' }]);
  });

  test('staying by a click does, and in a hidden tab nothing does', async () => {
    const { browser, tab } = await withTabs(1);
    await browser.advance(IDLE - 50);
    tab.hide();
    tab.dispatch('keydown');
    await tab.client.stayActive();
    expect(refreshes(browser)).toEqual([]);
    tab.isVisible = true;
    await tab.client.stayActive();
    expect(refreshes(browser)).toHaveLength(1);
    expect(tab.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
  });

  test('requests postpone it too, without a refresh', async () => {
    const { browser, tab } = await withTabs(1);
    await browser.advance(300);
    await tab.client.fetch('/v1/users/me');
    expect(tab.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
    expect(refreshes(browser)).toEqual([]);
  });

  test('whoever reads and clicks now and then is told to the service now and then', async () => {
    const { browser, tab } = await withTabs(1);
    for (let minute = 0; minute < 20; minute++) {
      await browser.advance(60);
      tab.dispatch('pointerdown');
      await tab.client.fetch('https://elsewhere.example').catch(() => {});
      await poll(() => refreshes(browser).every(({ status }) => status === 200));
    }
    expect(refreshes(browser).length).toBeGreaterThan(5);
    expect(refreshes(browser).length).toBeLessThan(20);
    expect((await tab.client.fetch('/v1/users/me')).status).toBe(200);
  });
});

describe('A session that has run out', () => {
  test('is over on screen without a click, and says why, in every tab', async () => {
    const { browser, tabs } = await withTabs(2);
    await browser.advance(IDLE + 10);
    look(tabs);
    await poll(() => tabs.every(({ client }) => client.session.state === 'anonymous'));
    expect(tabs.map((tab) => tab.heard('signedOut'))).toEqual([[{ reason: 'expired' }], [{ reason: 'expired' }]]);
  });

  test('while the tab was closed is told at the next load', async () => {
    const { browser, tab } = await withTabs(1);
    tab.client.close();
    await browser.advance(IDLE + 10);
    const reloaded = browser.open();
    expect(await reloaded.client.ready()).toEqual({ state: 'anonymous', reason: 'expired' });
    expect(reloaded.heard('signedOut')).toEqual([{ reason: 'expired' }]);
  });

  test('at its absolute end: use does not postpone it, and the warning says so', async () => {
    const { browser, tabs, tab } = await withTabs(1);
    for (let gone = 0; gone < MAX - 600; gone += 600) {
      await browser.advance(600);
      await tab.client.refresh();
    }
    await browser.advance(560);
    await tab.client.refresh();
    look(tabs);
    await poll(() => tab.heard('expiring').length > 0);
    expect(tab.heard('expiring')).toMatchObject([{ kind: 'absolute' }]);
    const count = refreshes(browser).length;
    tab.dispatch('pointerdown');
    expect(refreshes(browser)).toHaveLength(count);
  });

  test('at its absolute end, while the clock of the computer is being turned back: the warning still says so', async () => {
    const { browser, tabs, tab } = await withTabs(1);
    for (const seconds of [600, 600, 600, 600, 500]) {
      await browser.advance(seconds);
      await tab.client.refresh();
    }
    // From now on, each look at this clock shows less than the one before it.
    let shift = 60_000;
    Object.defineProperty(browser, 'wallShift', { get: () => (shift -= 10) });
    look(tabs);
    await poll(() => tab.heard('expiring').length > 0);
    expect(tab.heard('expiring')).toMatchObject([{ kind: 'absolute' }]);
    const { idle, absolute } = tab.client.timeLeft()!;
    expect(idle).toBe(absolute);
  });
});

test('Late news of an earlier refresh moves no end back', async () => {
  const { browser, tab } = await withTabs(1);
  let stream!: ReadableStreamDefaultController;
  const body = new ReadableStream({ start: (controller) => void (stream = controller) });
  const events = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  browser.intercept = ({ path }, proceed) => (path.endsWith('/events') ? Promise.resolve(events) : proceed());
  const other = browser.open();
  tab.client.close();
  await other.client.ready();
  const { session } = other.client.session as Extract<SessionState, { state: 'signed_in' }>;
  const news = [60, -60].map((seconds) => new Date(Date.parse(session.idleExpiresAt) + seconds * 1000).toISOString());
  for (const idleExpiresAt of news)
    stream.enqueue(Buffer.from(`event: renewed\ndata: ${JSON.stringify({ ...session, idleExpiresAt })}\n\n`));
  stream.enqueue(Buffer.from('event: devices_changed\ndata: {}\n\n'));
  await poll(() => other.heard('devicesChanged').length > 0);
  expect(other.client.session).toMatchObject({ session: { idleExpiresAt: news[0] } });
  stream.close();
});

test.each<[string, (tab: Tab) => Promise<unknown>]>([
  ['refresh', ({ client }) => client.refresh()],
  ['use', ({ client }) => client.fetch('/v1/users/me')],
])('An answer from before a %s moves no end back', async (_what, use) => {
  const { browser, tab } = await withTabs(1);
  let release!: () => void;
  const late = new Promise<void>((resolve) => (release = resolve));
  let asked = false;
  browser.intercept = async ({ path }, proceed) => {
    // Without a stream, the tab asks now and then how the session stands.
    if (path.endsWith('/events')) return new Response(null, { status: 503 });
    const answer = await proceed();
    if (!path.endsWith('/sessions/current') || asked) return answer;
    asked = true;
    await late;
    return answer;
  };
  const other = browser.open();
  tab.client.close();
  await other.client.ready();
  await poll(() => asked);
  await browser.advance(300);
  await use(other);
  expect(other.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
  const attempts = streams(browser).length;
  release();
  // It has heard the answer when it goes on.
  await poll(() => streams(browser).length > attempts);
  expect(other.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
});

describe('A tab that nobody uses', () => {
  test('refreshes nothing by itself, visible or hidden, though its token has run out', async () => {
    const { browser, tabs } = await withTabs(2);
    tabs[1]!.hide();
    await poll(() => streams(browser).some(({ status }) => status === 200));
    await service.advance(700);
    look(tabs);
    (service.app.getHttpServer() as Server).closeAllConnections();
    await poll(() => streams(browser).some(({ code }) => code === 'token_expired'));
    look(tabs);
    expect(refreshes(browser)).toEqual([]);
    expect(tabs[0]!.client.session.state).toBe('signed_in');

    tabs[0]!.dispatch('pointerdown');
    await poll(() => streams(browser).at(-1)!.status === 200);
    expect(refreshes(browser)).toHaveLength(1);
  });

  test('and is hidden waits with its requests until it is shown, or another tab has a good token', async () => {
    const { browser, tabs } = await withTabs(2);
    tabs[1]!.hide();
    await browser.advance(660);
    const waiting = tabs[1]!.client.fetch('/v1/users/me');
    await tabs[0]!.client.fetch('/v1/users/me');
    expect((await waiting).status).toBe(200);
    expect(refreshes(browser).map(({ tab }) => tab)).toEqual([0]);

    await browser.advance(660);
    const again = tabs[1]!.client.fetch('/v1/users/me');
    tabs[1]!.show();
    expect((await again).status).toBe(200);
  });

  test('and is loaded hidden gets its tokens from one that has them', async () => {
    const { browser } = await withTabs(1);
    const hidden = browser.open();
    hidden.isVisible = false;
    expect(await hidden.client.ready()).toMatchObject({ state: 'signed_in' });
    expect(refreshes(browser)).toEqual([]);
  });
});

describe('A clock that is wrong', () => {
  test.each([-5 * HOUR, 5 * HOUR])('by %d ms: nobody is signed out, and the warning comes in time', async (shift) => {
    const { browser, tabs, tab } = await withTabs(2, shift);
    expect(tab.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
    await browser.advance(IDLE - 120);
    look(tabs);
    expect(tab.heard('expiring')).toEqual([]);
    await browser.advance(70);
    look(tabs);
    await poll(() => tabs.every((one) => one.heard('expiring').length > 0));
    expect((await tab.client.fetch('/v1/users/me')).status).toBe(200);
    expect(tabs.flatMap((one) => one.heard('signedOut'))).toEqual([]);
  });

  test.each([-5 * HOUR, 5 * HOUR])('and put right by %d ms in between: nobody is signed out', async (shift) => {
    const { browser, tabs, tab } = await withTabs(2);
    browser.wallShift = shift;
    look(tabs);
    await poll(() => tabs.every(({ client }) => client.timeLeft()!.idle > 0));
    expect(tab.client.timeLeft()!.idle).toBeLessThan(IDLE + 5);
    expect(await Promise.all(tabs.map(async ({ client }) => (await client.fetch('/v1/users/me')).status))).toEqual([
      200, 200,
    ]);
    expect(tabs.flatMap((one) => one.heard('signedOut'))).toEqual([]);
    expect(tab.client.timeLeft()!.idle).toBeGreaterThan(IDLE - 10);
  });

  test('a computer that slept while its monotonic clock stood still knows when it wakes', async () => {
    const { browser, tab } = await withTabs(1);
    await service.advance(IDLE + 10);
    browser.wallShift = (IDLE + 10) * 1000;
    expect(tab.client.timeLeft()!.idle).toBeLessThan(0);
    tab.show();
    await poll(() => tab.client.session.state === 'anonymous');
    expect(tab.heard('signedOut')).toEqual([{ reason: 'expired' }]);
  });
});
