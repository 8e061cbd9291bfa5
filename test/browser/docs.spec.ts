import type { Page } from 'playwright-core';
import { useStage } from './support/stage.js';
import { openTab } from './support/visitor.js';

const stage = useStage();

const PHONE = { viewport: { width: 375, height: 667 } };
const PAGES = ['/docs', '/docs/errors'];

const contents = (tab: Page) => tab.getByRole('navigation', { name: 'On this page' }).getByRole('link').first();

test.each(PAGES)('%s on a phone begins with its text; a tap shows the contents, and a link leads on', async (path) => {
  const tab = await openTab(await stage.openBrowser(PHONE), path);
  expect((await tab.getByRole('heading', { level: 1 }).boundingBox())!.y).toBeLessThan(PHONE.viewport.height / 2);
  expect(await contents(tab).isVisible()).toBe(false);
  await tab.getByText('On this page').click();
  await contents(tab).click();
  await tab.waitForURL(/#./);
});

test.each(PAGES)('%s on a wide screen has its contents beside the text', async (path) => {
  const tab = await openTab(await stage.openBrowser({ viewport: { width: 1280, height: 800 } }), path);
  expect(await contents(tab).isVisible()).toBe(true);
  expect((await tab.getByRole('heading', { level: 1 }).boundingBox())!.y).toBeLessThan(400);
});

/** The pieces of paths that stand on two lines, and what is wider than the window. */
const FAULTS = `[
  ...[...document.querySelectorAll('.segment')].filter((part) => part.getClientRects().length > 1).map((part) => part.textContent),
  ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []),
]`;

test.each([320, 375, 1280])('at %s px a path breaks at slashes only, and nothing sticks out', async (width) => {
  const tab = await openTab(await stage.openBrowser({ viewport: { width, height: 800 } }), '/docs');
  expect(await tab.locator('.segment', { hasText: /^\/\{\w+\}$/ }).count()).toBeGreaterThan(5);
  expect(await tab.evaluate(FAULTS)).toEqual([]);
});
