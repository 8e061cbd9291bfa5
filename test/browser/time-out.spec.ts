import type { BrowserContext, Page } from 'playwright-core';
import { useStage } from './support/stage.js';
import { isSignedOut, openTab, sees, signIn } from './support/visitor.js';

/** Half an hour unused, two hours at most. */
const stage = useStage({ env: { SESSION_IDLE: '30m', SESSION_MAX: '2h' } });

const EXPIRED = 'Your time here was up, so you were signed out.';

/** A browser with two tabs, whose clock the test moves together with the service's. */
async function openTwoTabs(): Promise<{ context: BrowserContext; tabs: [Page, Page] }> {
  const context = await stage.openBrowser();
  await context.clock.install();
  const first = await openTab(context);
  await signIn(first, await stage.newAccount());
  const second = await openTab(context, '/account/security');
  await second.getByRole('button', { name: 'Sign out everywhere' }).waitFor();
  return { context, tabs: [first, second] };
}

async function pass(context: BrowserContext, minutes: number): Promise<void> {
  await stage.site.service.advance(minutes * 60);
  await context.clock.fastForward(minutes * 60_000);
}

const dialogIn = (tab: Page) => tab.getByRole('alertdialog', { name: 'Are you still there?' });

test('the warning appears in both tabs; staying in one closes both, and both stay signed in', async () => {
  const { context, tabs } = await openTwoTabs();
  await pass(context, 29.2);
  await Promise.all(tabs.map((tab) => dialogIn(tab).waitFor()));
  expect(await dialogIn(tabs[0]).getByRole('timer').textContent()).toMatch(/^0:[0-5]\d$/);
  await dialogIn(tabs[1]).getByRole('button', { name: 'Stay signed in' }).click();
  await Promise.all(tabs.map((tab) => dialogIn(tab).waitFor({ state: 'detached' })));
  await pass(context, 5);
  await tabs[0].reload();
  await sees(tabs[0], 'This device');
  expect(await dialogIn(tabs[1]).count()).toBe(0);
});

test('left alone, both tabs are signed out and say why; the service has ended it as well', async () => {
  const { context, tabs } = await openTwoTabs();
  await pass(context, 29.2);
  await Promise.all(tabs.map((tab) => dialogIn(tab).waitFor()));
  await pass(context, 1);
  await Promise.all(tabs.map((tab) => isSignedOut(tab, EXPIRED)));
  await tabs[0].reload();
  await tabs[0].getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('signing out in the warning signs out both tabs at once', async () => {
  const { context, tabs } = await openTwoTabs();
  await pass(context, 29.2);
  await dialogIn(tabs[0]).getByRole('button', { name: 'Sign out' }).click();
  await isSignedOut(tabs[0], 'You are signed out.');
  await isSignedOut(tabs[1], 'You signed out in another tab.');
});

test('what somebody does in one tab postpones the end for both', async () => {
  const { context, tabs } = await openTwoTabs();
  for (let moments = 0; moments < 4; moments++) {
    await pass(context, 12);
    await tabs[0].bringToFront();
    await tabs[0].getByRole('link', { name: moments % 2 === 0 ? 'Activity' : 'Devices' }).click();
    await tabs[0]
      .getByRole('heading', { name: moments % 2 === 0 ? 'Activity' : 'Devices' })
      .first()
      .waitFor();
  }
  // The clock jumps: the other tab may have warned before it was told. It takes that back, and was never signed out.
  await dialogIn(tabs[1]).waitFor({ state: 'detached' });
  await tabs[1].getByRole('button', { name: 'Sign out everywhere' }).waitFor();
  await tabs[1].reload();
  await tabs[1].getByRole('button', { name: 'Sign out everywhere' }).waitFor();
});

test('the absolute end is told as one that nothing postpones, and comes', async () => {
  const { context, tabs } = await openTwoTabs();
  for (let moments = 0; moments < 4; moments++) {
    await pass(context, 28);
    await tabs[0].getByRole('link', { name: 'Devices' }).click();
    await tabs[0].getByRole('heading', { name: 'Devices', exact: true }).click();
  }
  await pass(context, 7.2);
  await Promise.all(tabs.map((tab) => tab.getByRole('alertdialog', { name: 'Sign in again soon' }).waitFor()));
  await tabs[0].getByRole('button', { name: 'Not yet' }).click();
  await tabs[0].getByRole('link', { name: 'Activity' }).click();
  await pass(context, 1);
  await Promise.all(tabs.map((tab) => isSignedOut(tab, EXPIRED)));
});

test('a click of half an hour ago keeps nobody signed in: the warning comes', async () => {
  const { context, tabs } = await openTwoTabs();
  await tabs[0].reload();
  await sees(tabs[0], 'This device');
  await tabs[0].getByRole('heading', { name: 'Devices', exact: true }).click();
  await pass(context, 29.2);
  await Promise.all(tabs.map((tab) => dialogIn(tab).waitFor()));
  await pass(context, 1);
  await Promise.all(tabs.map((tab) => isSignedOut(tab, EXPIRED)));
});

test('waking after a night asleep, a tab is signed out before anything of it can be used', async () => {
  const { context, tabs } = await openTwoTabs();
  await pass(context, 9 * 60);
  await Promise.all(tabs.map((tab) => isSignedOut(tab, EXPIRED)));
});
