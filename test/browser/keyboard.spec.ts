import type { Page } from 'playwright-core';
import { useStage } from './support/stage.js';
import { isSignedOut, openTab, SAFARI_ON_IPHONE, sees, until } from './support/visitor.js';

const stage = useStage();

/** More than any page has to tab through. */
const LONGEST_WAY = 40;

interface Focus {
  name: string;
  visible: boolean;
}

/** What has the focus, by its label or text, and whether a ring shows it. */
const FOCUS = `(() => {
  const element = document.activeElement;
  const name = (element.labels?.[0] ?? element).textContent.trim();
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  return { name, visible: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' };
})()`;

/** Presses Tab until this has the focus; fails when it cannot be reached, or when the focus cannot be seen on the way. */
async function tabTo(tab: Page, name: RegExp): Promise<void> {
  const way: string[] = [];
  for (let presses = 0; presses < LONGEST_WAY; presses++) {
    const focus = (await tab.evaluate(FOCUS)) as Focus;
    if (name.test(focus.name)) return;
    await tab.keyboard.press('Tab');
    const next = (await tab.evaluate(FOCUS)) as Focus;
    way.push(next.name.slice(0, 40));
    if (next.name !== '' && next.name.length < 200) expect([next.name, next.visible]).toEqual([next.name, true]);
  }
  throw new Error(`${String(name)} cannot be reached: ${way.join(' → ')}`);
}

async function press(tab: Page, name: RegExp): Promise<void> {
  await tabTo(tab, name);
  await tab.keyboard.press('Enter');
}

test('by keyboard alone: sign in, rename a device, end another one, sign out', async () => {
  const account = await stage.newAccount();
  const phone = await stage.openSignedIn(account, { userAgent: SAFARI_ON_IPHONE });
  const context = await stage.openBrowser();
  const tab = await openTab(context);
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tabTo(tab, /^E-mail address/);
  await tab.keyboard.type(account.email);
  await tabTo(tab, /^Password/);
  await tab.keyboard.type(account.password);
  await tab.keyboard.press('Enter');
  await sees(tab, 'This device');

  await press(tab, /^Rename Chrome/);
  await tab.getByLabel('Name of the device').waitFor();
  await tab.keyboard.type('My laptop');
  await tab.keyboard.press('Enter');
  await tab.getByRole('heading', { name: 'My laptop' }).waitFor();
  // The focus is back where it was, not lost at the top of the page.
  await until(tab, "document.activeElement.textContent.includes('Rename My laptop')");

  await press(tab, /^Sign out Safari on iOS/);
  const dialog = tab.getByRole('dialog', { name: /Safari on iOS/ });
  await dialog.waitFor();
  // Enter does no harm by itself; Escape leaves, and the focus returns.
  expect(((await tab.evaluate(FOCUS)) as Focus).name).toBe('Cancel');
  await tab.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(((await tab.evaluate(FOCUS)) as Focus).name).toMatch(/^Sign out Safari on iOS/);
  await tab.keyboard.press('Enter');
  await dialog.waitFor();
  await press(tab, /^Sign out$/);
  await isSignedOut(phone.tab, 'This device was signed out from another one of your devices.');
  await until(tab, "document.activeElement.textContent === 'Other devices'");

  await tab.keyboard.press('Control+Home');
  await tab.evaluate('document.activeElement.blur()');
  await press(tab, /^Sign out$/);
  await isSignedOut(tab, 'You are signed out.');
});

test('a dialog keeps the focus to itself', async () => {
  const { tab } = await stage.openSignedIn();
  await tab.getByRole('link', { name: 'Security' }).click();
  await tab.getByRole('button', { name: 'Sign out everywhere' }).click();
  await tab.getByRole('dialog').waitFor();
  const seen = new Set<string>();
  for (let presses = 0; presses < 8; presses++) {
    seen.add(((await tab.evaluate(FOCUS)) as Focus).name);
    await tab.keyboard.press('Tab');
  }
  for (const name of seen) expect(['Cancel', 'Sign out everywhere', '']).toContain(name.length > 60 ? '' : name);
  expect(
    await tab.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')"),
  ).toBe(true);
});

test('the first Tab offers to skip to the content, and a change of page leads the focus to its heading', async () => {
  const { tab } = await stage.openSignedIn();
  await tab.reload();
  await sees(tab, 'This device');
  await tab.keyboard.press('Tab');
  expect(((await tab.evaluate(FOCUS)) as Focus).name).toBe('Skip to the content');
  await tab.keyboard.press('Enter');
  expect(await tab.evaluate('document.activeElement.id')).toBe('main');
  await tab.getByRole('link', { name: 'Activity' }).focus();
  await tab.keyboard.press('Enter');
  await until(tab, "document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Activity'");
  expect(await tab.title()).toBe('Activity · Portcullis');
});
