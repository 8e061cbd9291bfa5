import { setTimeout as pause } from 'node:timers/promises';
import { ClientBrowser, lost, stopService, type Tab } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { startService, type Service } from './support/service.js';

/** Refreshes that reach the service, for each way; the long run (10000) is for before a release. */
const REFRESHES = Number(process.env['CLIENT_REFRESHES'] ?? 1_000);

/** People at it at the same time, so that the pauses after a lost answer do not add up; each has ten tabs. */
const BROWSERS = 5;
const TABS = 10;

/** Of twenty answers to a refresh, one is lost. */
const LOSS = 0.05;

/** What a request takes on its way, at most, in milliseconds: enough for any to overtake any other. */
const WAY_MS = 30;

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterEach(() => ClientBrowser.closeAll());
afterAll(() => stopService(service));

/** The same numbers in every run (a linear congruential generator). */
function chance(): () => number {
  let state = 42;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

function noChannel(): never {
  throw new Error('This browser has no BroadcastChannel.');
}

async function openTabs(browser: ClientBrowser, environment: object): Promise<Tab[]> {
  const tabs = Array.from({ length: TABS }, () => browser.open({ environment }));
  await tabs[0]!.client.register({ email: newEmail(), password: PASSWORD });
  await Promise.all(tabs.map(({ client }) => client.ready()));
  return tabs;
}

/** Each tab at its own pace. */
async function refreshAgain({ client }: Tab, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await client.refresh();
}

describe(`${REFRESHES} refreshes from tabs of the same browsers, answers lost on the way: nobody is signed out`, () => {
  test.each([
    ['that share locks and channels', {}],
    ['that know nothing of each other', { locks: undefined, openChannel: noChannel }],
  ])(
    '%s',
    async (_tabs, environment) => {
      const browsers = Array.from({ length: BROWSERS }, () => new ClientBrowser(service));
      const opened = await Promise.all(browsers.map((browser) => openTabs(browser, environment)));
      const random = chance();
      let count = 0;
      let losses = 0;
      for (const browser of browsers) {
        browser.travel = () => pause(random() * WAY_MS);
        browser.intercept = ({ path }, proceed) => {
          if (path !== '/v1/auth/refresh') return proceed();
          count++;
          if (random() > LOSS) return proceed();
          losses++;
          return lost(proceed);
        };
      }
      while (count < REFRESHES) {
        await Promise.all(opened.flat().map((tab) => refreshAgain(tab, 'locks' in environment ? 2 : 20)));
        // Every access token has run out: each tab finds out at its next request.
        await service.advance(660);
        const answers = await Promise.all(opened.flat().map(({ client }) => client.fetch('/v1/users/me')));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      }
      expect(losses).toBeGreaterThan((REFRESHES * LOSS) / 2);
      expect(opened.flat().flatMap((tab) => tab.heard('signedOut'))).toEqual([]);
    },
    600_000,
  );
});
