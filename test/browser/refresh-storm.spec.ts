import type { JSHandle, Page } from 'playwright-core';
import type { Client } from '@portcullis/client';
import type { Site } from './support/site.js';
import { useStage } from './support/stage.js';
import { heardIn, openBare } from './support/visitor.js';

/** Refreshes that reach the service; BROWSER_REFRESHES=10000 is the long run, for before a release. */
const REFRESHES = Number(process.env['BROWSER_REFRESHES'] ?? 100);

const TABS = 10;

/** Of twenty answers to a refresh, one is lost, half of these with their head already there. */
const LOSS = 0.05;

/** The long run takes more days, by the service's clock, than a session lasts. */
const stage = useStage({ env: { SESSION_MAX: '90d' } });

/** Those by plain fetch take a tenth of the time, and it takes some rounds to meet a bad one. */
const PLAIN_REFRESHES = 3 * REFRESHES;

/** Milliseconds over which tabs without a lock start. */
const SPREAD_MS = 50;

/** How often each of them refreshes in a round. */
const TIMES = 3;

/** A browser whose tabs cannot know of each other, but for the cookies that they share. */
const ALONE = `
  delete Navigator.prototype.locks;
  delete window.BroadcastChannel;
`;

type Tab = { tab: Page; client: JSHandle<Client> };

/** The same numbers in every run (a linear congruential generator). */
function chance(): () => number {
  let state = 42;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

/** Counts the refreshes that reach the service, and loses answers. */
function loseAnswers(site: Site): { refreshes: number; lost: number } {
  const counts = { refreshes: 0, lost: 0 };
  const random = chance();
  site.intercept = async ({ path }, passage) => {
    if (path !== '/v1/auth/refresh') return passage.deliver();
    counts.refreshes++;
    const luck = random();
    if (luck > LOSS) return passage.deliver();
    counts.lost++;
    await (luck < LOSS / 2 ? passage.lose() : passage.cut());
  };
  return counts;
}

async function openTabs(script = ''): Promise<Tab[]> {
  const { email, password } = await stage.newAccount();
  const context = await stage.openBrowser();
  await context.addInitScript(script);
  const first = await openBare(context);
  await first.client.evaluate((client, account) => client.signIn(account), { email, password });
  const rest = await Promise.all(Array.from({ length: TABS - 1 }, () => openBare(context)));
  const tabs = [first, ...rest];
  await Promise.all(tabs.map(({ client }) => client.evaluate((one) => one.ready())));
  return tabs;
}

async function expectSignedIn(tabs: Tab[]): Promise<void> {
  const statuses = tabs.map(({ client }) => client.evaluate(async (one) => (await one.fetch('/v1/users/me')).status));
  const answers = await Promise.all(statuses);
  const heard = await Promise.all(tabs.map(({ tab }) => heardIn(tab, 'signedOut')));
  expect(heard.flat()).toEqual([]);
  expect(answers).toEqual(tabs.map(() => 200));
}

test.each([
  ['ten tabs', ''],
  ['ten tabs that know nothing of each other', ALONE],
])(
  `${REFRESHES} refreshes from %s, answers lost on the way: nobody is signed out`,
  async (_tabs, script) => {
    const tabs = await openTabs(script);
    const counts = loseAnswers(stage.site);
    const refreshMany = async (client: Client) => {
      for (let round = 0; round < 10; round++) await client.refresh();
    };
    while (counts.refreshes < REFRESHES) {
      await Promise.all(tabs.map(({ client }) => client.evaluate(refreshMany)));
      // Every access token has run out: each tab finds out at its next request.
      await stage.site.service.advance(660);
      await expectSignedIn(tabs);
    }
    expect(counts.lost).toBeGreaterThan((REFRESHES * LOSS) / 4);
  },
  3_600_000,
);

test(`${PLAIN_REFRESHES} refreshes by plain fetch from ten tabs, asked again where the answer is lost: none is refused`, async () => {
  const tabs = await openTabs();
  const counts = loseAnswers(stage.site);
  const refreshByFetch = async (_client: Client, { spread, times }: { spread: number; times: number }) => {
    const statuses: number[] = [];
    await new Promise((resolve) => setTimeout(resolve, Math.random() * spread));
    while (statuses.length < times) {
      // One whose answer was lost is asked again.
      const answer = await fetch('/v1/auth/refresh', { method: 'POST' }).catch(() => null);
      if (answer) statuses.push(answer.status);
    }
    return statuses;
  };
  const manner = { spread: SPREAD_MS, times: TIMES };
  for (let count = 0; count < PLAIN_REFRESHES; count += TABS * TIMES) {
    // Past the grace: this round rotates.
    await stage.site.service.advance(11);
    const statuses = await Promise.all(tabs.map(({ client }) => client.evaluate(refreshByFetch, manner)));
    expect(new Set(statuses.flat())).toEqual(new Set([200]));
  }
  expect(counts.lost).toBeGreaterThan((PLAIN_REFRESHES * LOSS) / 4);
  await expectSignedIn(tabs);
}, 3_600_000);
