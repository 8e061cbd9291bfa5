import type { Client } from '@portcullis/client';
import type { Browser, BrowserContext, BrowserContextOptions, JSHandle, Page } from 'playwright-core';
import { Device, PASSWORD } from '../../support/device.js';
import { poll } from '../../support/poll.js';
import type { Site } from './site.js';

/** How long anything may take on a busy machine before a test fails, in milliseconds. */
const PATIENCE_MS = 15_000;

export const CHROME_ON_MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36';
export const SAFARI_ON_IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

export interface Account {
  email: string;
  password: string;
}

/** An account; the device that made it has signed out again. */
export async function newAccount({ service }: Site, name?: string): Promise<Account> {
  const device = await Device.register(service, name === undefined ? {} : { name });
  await device.send('/v1/auth/logout', { body: {} });
  return { email: device.email, password: PASSWORD };
}

/** A browser of its own: own cookies, storage and tabs. */
export async function openBrowser(
  chromium: Browser,
  { url }: Site,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const defaults = {
    baseURL: url,
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    timezoneId: 'UTC',
    userAgent: CHROME_ON_MAC,
  };
  const context = await chromium.newContext({ ...defaults, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

export async function openTab(context: BrowserContext, path = '/account/'): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(path);
  return tab;
}

/** Signs in as a person does, and waits for the devices. */
export async function signIn(tab: Page, { email, password }: Account): Promise<void> {
  await tab.getByLabel('E-mail address').fill(email);
  await tab.getByLabel('Password', { exact: true }).fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await sees(tab, 'This device');
}

/** A browser whose first tab shows the devices of this account. */
export async function openSignedIn(
  chromium: Browser,
  site: Site,
  account: Account,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; tab: Page }> {
  const context = await openBrowser(chromium, site, options);
  const tab = await openTab(context);
  await signIn(tab, account);
  return { context, tab };
}

/** Waits until an expression holds in the page. (`waitForFunction` would need what the content security policy forbids.) */
export async function until(tab: Page, expression: string): Promise<void> {
  await poll(async () => Boolean(await tab.evaluate(expression)), PATIENCE_MS / 1000);
}

/** Waits until this text is on the screen. */
export async function sees(tab: Page, text: string | RegExp): Promise<void> {
  await tab.getByText(text).first().waitFor();
}

/** Waits until the tab shows the sign-in page and says this. */
export async function isSignedOut(tab: Page, reason: string | RegExp): Promise<void> {
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  await sees(tab, reason);
}

/** A tab of an application that has nothing but a client; gives the client. */
export async function openBare(context: BrowserContext): Promise<{ tab: Page; client: JSHandle<Client> }> {
  const tab = await openTab(context, '/bare');
  await until(tab, 'window.client');
  return { tab, client: (await tab.evaluateHandle('window.client')) as JSHandle<Client> };
}

/** The events that a bare tab heard, by name. */
export async function heardIn(tab: Page, name: string): Promise<unknown[]> {
  const heard = (await tab.evaluate('window.heard')) as { name: string; event: unknown }[];
  return heard.filter((entry) => entry.name === name).map(({ event }) => event);
}
