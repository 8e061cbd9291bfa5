import type { BrowserContext, Page } from 'playwright-core';
import type { Stage } from './stage.js';
import { openTab, SAFARI_ON_IPHONE, sees, type Account } from './visitor.js';

/** Whoever looks at the pages: signed in, with some devices and something to tell. */
export interface Viewer {
  stage: Stage;
  account: Account;
  context: BrowserContext;
  tab: Page;
}

/** A page, or a state of one, as a person comes to see it. */
export type View = [name: string, open: (viewer: Viewer) => Promise<void>];

const goTo = async (tab: Page, name: string) => {
  await tab.getByRole('link', { name, exact: true }).click();
  await tab.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
};
const press = (tab: Page, name: string | RegExp) => tab.getByRole('button', { name, exact: true }).first().click();

/** Time goes by, in seconds, for the browser and for the service. */
async function pass({ stage, context }: Pick<Viewer, 'stage' | 'context'>, seconds: number): Promise<void> {
  await stage.site.service.advance(seconds);
  await context.clock.fastForward(seconds * 1000);
}

/** In this order: each begins where the one before has left the tab. */
export const VIEWS: View[] = [
  [
    'devices',
    async ({ tab, stage, account }) => {
      await sees(tab, 'You are signed in nowhere else');
      await stage.openSignedIn(account, { userAgent: SAFARI_ON_IPHONE });
      await stage.openSignedIn(account);
      await sees(tab, '2 other devices');
    },
  ],
  [
    'devices-rename',
    async ({ tab }) => {
      await tab.getByRole('button', { name: 'Rename Safari on iOS' }).click();
      await tab.getByLabel('Name of the device').fill('A phone with a name that is rather long for it');
    },
  ],
  [
    'devices-end',
    async ({ tab }) => {
      await press(tab, 'Save');
      await press(tab, /^Sign out A phone/);
      await tab.getByRole('dialog').waitFor();
    },
  ],
  [
    'devices-password',
    async ({ tab, stage, context }) => {
      await pass({ stage, context }, 300);
      await tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
      const dialog = tab.getByRole('dialog', { name: 'Is it still you?' });
      await dialog.getByLabel('Password', { exact: true }).fill('not the password');
      await press(tab, 'Continue');
      await sees(tab, 'This is not your password.');
    },
  ],
  [
    'security',
    async ({ tab }) => {
      await tab.keyboard.press('Escape');
      await tab.getByRole('dialog', { name: 'Is it still you?' }).waitFor({ state: 'detached' });
      await tab.keyboard.press('Escape');
      await tab.getByRole('dialog').waitFor({ state: 'detached' });
      await goTo(tab, 'Security');
    },
  ],
  [
    'security-errors',
    async ({ tab, account }) => {
      await tab.getByLabel('Current password', { exact: true }).fill(account.password);
      await tab.getByLabel('New password', { exact: true }).fill('password');
      await press(tab, 'Change password');
      await tab.locator('[aria-invalid=true]').waitFor();
    },
  ],
  [
    'security-delete',
    async ({ tab }) => {
      await press(tab, /^Delete/);
      await tab.getByRole('dialog').getByRole('button', { name: 'Delete account' }).click();
      await tab.getByRole('dialog').locator('[aria-invalid=true]').waitFor();
    },
  ],
  [
    'activity',
    async ({ tab }) => {
      await tab.keyboard.press('Escape');
      await tab.getByRole('dialog').waitFor({ state: 'detached' });
      await goTo(tab, 'Activity');
      await sees(tab, /You signed in on/);
    },
  ],
  [
    'profile',
    async ({ tab }) => {
      await goTo(tab, 'Profile');
      await tab.getByLabel('Name', { exact: false }).first().fill('Ada Lovelace');
      await press(tab, 'Save');
      await sees(tab, 'Your name is saved.');
    },
  ],
  [
    'not-found',
    async ({ tab }) => {
      await tab.goto('/account/nowhere');
      await tab.getByRole('heading', { name: 'There is no such page' }).waitFor();
    },
  ],
  [
    'offline',
    async ({ tab, context }) => {
      await tab.getByRole('link', { name: 'Go to your devices' }).click();
      await sees(tab, 'This device');
      await context.setOffline(true);
      await sees(tab, 'You are offline.');
      await goTo(tab, 'Activity');
      await press(tab, 'Try again');
      await sees(tab, 'Your activity could not be loaded');
    },
  ],
  [
    'time-out',
    async ({ tab, context, stage }) => {
      await context.setOffline(false);
      await goTo(tab, 'Devices');
      await sees(tab, 'This device');
      await pass({ stage, context }, 29 * 60 + 15);
      await tab.getByRole('alertdialog', { name: 'Are you still there?' }).waitFor();
    },
  ],
  [
    'signed-out',
    async ({ tab }) => {
      await tab.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click();
      await sees(tab, 'You are signed out.');
    },
  ],
  [
    'sign-in',
    async ({ tab }) => {
      await tab.reload();
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    },
  ],
  [
    'sign-in-errors',
    async ({ tab, account }) => {
      await tab.getByLabel('E-mail address').fill(account.email);
      await tab.getByLabel('Password', { exact: true }).fill('not the password');
      await press(tab, 'Sign in');
      await tab.locator('[aria-invalid=true]').waitFor();
    },
  ],
  [
    'register',
    async ({ tab }) => {
      await tab.getByRole('link', { name: 'Create an account' }).click();
      await tab.getByRole('heading', { name: 'Create your account' }).waitFor();
    },
  ],
  [
    'register-errors',
    async ({ tab, account }) => {
      await tab.getByLabel('E-mail address').fill(account.email);
      await tab.getByLabel('Password', { exact: true }).fill('difference engine 1822');
      await press(tab, 'Create account');
      await tab.locator('[aria-invalid=true]').waitFor();
    },
  ],
  [
    'unreachable',
    async ({ tab, context }) => {
      await context.route('**/v1/**', (route) => route.abort());
      await context.clearCookies();
      await tab.evaluate('localStorage.clear()');
      await tab.goto('/account/');
      await sees(tab, 'Your account could not be opened');
    },
  ],
];

export async function openViewer(stage: Stage, options: object): Promise<Viewer> {
  const account = await stage.newAccount('Ada');
  const context = await stage.openBrowser({ reducedMotion: 'reduce', ...options });
  await context.clock.install();
  const tab = await openTab(context);
  return { stage, account, context, tab };
}
