import { ClientBrowser, stopService, type Tab } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

/** A browser with several tabs of one person. */
async function withTabs(
  count: number,
  environment = {},
): Promise<{ browser: ClientBrowser; tabs: Tab[]; email: string }> {
  const browser = new ClientBrowser(service);
  const tabs = Array.from({ length: count }, () => browser.open({ environment }));
  const email = newEmail();
  await tabs[0]!.client.register({ email, password: PASSWORD });
  await poll(() => tabs.every(({ client }) => client.session.state === 'signed_in'));
  return { browser, tabs, email };
}

/** Something to wait for, and what ends the waiting. */
function gate(): { promise: Promise<void>; release: () => void } {
  let release!: () => void;
  const promise = new Promise<void>((resolve) => (release = resolve));
  return { promise, release };
}

const me = (tab: Tab) => tab.client.fetch('/v1/users/me');
const statuses = async (tabs: Tab[]) => (await Promise.all(tabs.map(me))).map(({ status }) => status);
const refreshes = (browser: ClientBrowser) => browser.requests('/v1/auth/refresh');

describe('Tabs of one browser', () => {
  test('signing in in one signs in all, without a call of theirs', async () => {
    const { browser, tabs } = await withTabs(3);
    expect(tabs[2]!.heard('signedIn')).toHaveLength(1);
    expect(refreshes(browser)).toEqual([]);
    expect(await statuses(tabs)).toEqual([200, 200, 200]);
  });

  test('ten that find their token expired at once share one refresh', async () => {
    const { browser, tabs } = await withTabs(10);
    await service.advance(660);
    expect(new Set(await statuses(tabs))).toEqual(new Set([200]));
    expect(refreshes(browser)).toHaveLength(1);
    expect(tabs[7]!.heard('refreshed')).toHaveLength(1);
  });

  test('without locks and channels, the service sees to it that nobody is signed out', async () => {
    const browser = new ClientBrowser(service);
    const alone = {
      environment: {
        locks: undefined,
        openChannel: () => {
          throw new Error('none');
        },
      },
    };
    const tabs = Array.from({ length: 10 }, () => browser.open(alone));
    await tabs[0]!.client.register({ email: newEmail(), password: PASSWORD });
    expect(new Set(await statuses(tabs))).toEqual(new Set([200]));
    for (let round = 0; round < 5; round++) {
      await service.advance(660);
      expect(new Set(await statuses(tabs))).toEqual(new Set([200]));
    }
    expect(tabs.flatMap((tab) => tab.heard('signedOut'))).toEqual([]);
  });

  test('a cookie that is just being replaced by another tab is asked about once more', async () => {
    const { browser, tabs } = await withTabs(1);
    let refusals = 1;
    const invalid = { code: 'refresh_token_invalid', action: 'sign_in' };
    browser.intercept = async ({ path }, proceed) =>
      path === '/v1/auth/refresh' && refusals-- > 0 ? Response.json(invalid, { status: 401 }) : proceed();
    await tabs[0]!.client.refresh();
    expect(refreshes(browser).map(({ status }) => status)).toEqual([401, 200]);
    expect(tabs[0]!.heard('signedOut')).toEqual([]);
  });

  test('a frozen tab that holds the lock holds nobody up for long', async () => {
    const { browser, tabs } = await withTabs(3);
    browser.locks.seize(`portcullis:${PUBLIC_URL}:account:turn`);
    await service.advance(660);
    const began = performance.now();
    expect(await statuses(tabs)).toEqual([200, 200, 200]);
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(tabs.flatMap((tab) => tab.heard('signedOut'))).toEqual([]);
  });

  test('signing out in one signs out all, and says where', async () => {
    const { tabs } = await withTabs(3);
    await tabs[1]!.client.signOut();
    await poll(() => tabs.every(({ client }) => client.session.state === 'anonymous'));
    expect(tabs.map((tab) => tab.heard('signedOut'))).toEqual([
      [{ reason: 'another_tab' }],
      [{ reason: 'this_tab' }],
      [{ reason: 'another_tab' }],
    ]);
    expect(await statuses(tabs)).toEqual([401, 401, 401]);
  });

  test('a frozen one learns of it before its next request', async () => {
    const { browser, tabs } = await withTabs(2);
    tabs[1]!.freeze();
    await tabs[0]!.client.signOut();
    expect((await me(tabs[1]!)).status).toBe(401);
    expect(browser.requests('/v1/users/me').at(-1)).toMatchObject({ token: null });
    expect(tabs[1]!.heard('signedOut')).toEqual([{ reason: 'another_tab' }]);
  });
});

describe('Another person in another tab', () => {
  test('is an event with both, and every tab is theirs', async () => {
    const { tabs, email } = await withTabs(2);
    const other = newEmail();
    await tabs[0]!.client.register({ email: other, password: PASSWORD });
    await poll(() => tabs[1]!.heard('userChanged').length > 0);
    expect(tabs[1]!.heard('userChanged')).toMatchObject([{ from: { email }, to: { email: other } }]);
    expect(await tabs[1]!.client.request('/v1/users/me')).toMatchObject({ email: other });
  });

  test('a request under way is not sent again as them, and its answer is not shown to them', async () => {
    const { browser, tabs } = await withTabs(2);
    const { promise, release } = gate();
    browser.intercept = async ({ tab, path }, proceed) => {
      if (tab === 1 && path === '/v1/users/me') await promise;
      return proceed();
    };
    const pending = Promise.allSettled([me(tabs[1]!), me(tabs[1]!)]);
    await poll(() => browser.requests('/v1/users/me').length === 2);
    await service.advance(660);
    await tabs[0]!.client.register({ email: newEmail(), password: PASSWORD });
    await poll(() => tabs[1]!.heard('userChanged').length > 0);
    release();
    for (const result of await pending) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'PortcullisError', code: 'user_changed' } });
    }
    expect(new Set(browser.requests('/v1/users/me').map(({ token }) => token)).size).toBe(1);
    expect((await me(tabs[1]!)).status).toBe(200);
  });

  test('a frozen tab does not mix them: its next request is refused, and the one after is the new person', async () => {
    const { browser, tabs } = await withTabs(2);
    tabs[1]!.freeze();
    const other = newEmail();
    await tabs[0]!.client.refresh();
    await tabs[0]!.client.register({ email: other, password: PASSWORD });
    await expect(me(tabs[1]!)).rejects.toMatchObject({ code: 'user_changed' });
    expect(browser.requests('/v1/users/me')).toEqual([]);
    tabs[1]!.thaw();
    expect(await tabs[1]!.client.request('/v1/users/me')).toMatchObject({ email: other });
    expect(tabs[1]!.heard('userChanged')).toHaveLength(1);
  });

  test('old news that a tab hears when it thaws changes nothing', async () => {
    const { tabs } = await withTabs(2);
    tabs[1]!.freeze();
    await tabs[0]!.client.refresh();
    await tabs[0]!.client.signOut();
    const other = newEmail();
    await tabs[0]!.client.register({ email: other, password: PASSWORD });
    tabs[1]!.thaw();
    await poll(() => tabs[1]!.client.session.state === 'signed_in');
    expect(await tabs[1]!.client.request('/v1/users/me')).toMatchObject({ email: other });
  });

  test('an answer that comes after the change is not shown to them', async () => {
    const { browser, tabs } = await withTabs(2);
    const { promise, release } = gate();
    browser.linger = ({ path }) => (path === '/v1/users/me' ? promise : Promise.resolve());
    const pending = me(tabs[1]!);
    await poll(() => browser.requests('/v1/users/me')[0]?.status === 200);
    await tabs[0]!.client.register({ email: newEmail(), password: PASSWORD });
    await poll(() => tabs[1]!.heard('userChanged').length > 0);
    release();
    await expect(pending).rejects.toMatchObject({ code: 'user_changed' });
  });

  test.each(['before', 'after'])(
    'a refresh of the one before that ends late, its cookie %s theirs: all tabs are whose cookie it is',
    async (order) => {
      const { browser, tabs, email } = await withTabs(2, { locks: undefined });
      // Past the grace of the sign-in, so that the refresh has a new cookie in its answer.
      await browser.advance(11);
      const { promise, release } = gate();
      const hold = (tab: number, path: string) =>
        tab === 1 && path === '/v1/auth/refresh' ? promise : Promise.resolve();
      if (order === 'before') browser.linger = ({ tab, path }) => hold(tab, path);
      else browser.intercept = ({ tab, path }, proceed) => proceed().finally(() => hold(tab, path));
      const refreshing = tabs[1]!.client.refresh();
      // It does not hear of them, or it would have given up.
      tabs[1]!.freeze();
      await poll(() => refreshes(browser).length === 1 && (order === 'after' || refreshes(browser)[0]!.status === 200));
      const other = newEmail();
      await tabs[0]!.client.register({ email: other, password: PASSWORD });
      release();
      await refreshing;
      tabs[1]!.thaw();

      const owner = order === 'before' ? other : email;
      await poll(() => tabs.every((tab) => emailOf(tab) === owner));
      for (const { client } of tabs) expect(await client.request('/v1/users/me')).toMatchObject({ email: owner });
      expect(await browser.open().client.ready()).toMatchObject({ user: { email: owner } });
    },
  );
});

describe('Two applications in one browser', () => {
  test('do not hear each other', async () => {
    const { browser, tabs } = await withTabs(1);
    const other = browser.open({ applicationId: 'another' });
    await tabs[0]!.client.refresh();
    await tabs[0]!.client.signOut();
    expect(other.events).toEqual([]);
    expect(other.client.session).toEqual({ state: 'unknown' });
  });
});

function emailOf({ client }: Tab): string | null {
  return client.session.state === 'signed_in' ? client.session.user.email : null;
}
