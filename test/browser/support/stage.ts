import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openChromium } from './chromium.js';
import { startSite, type Site } from './site.js';
import { newAccount, openBrowser, openSignedIn } from './visitor.js';

/** What the tests of one file play on: one Chromium, one site. Browsers in it are closed after each test. */
export interface Stage {
  chromium: Browser;
  site: Site;
  newAccount(name?: string): ReturnType<typeof newAccount>;
  openBrowser(options?: BrowserContextOptions): ReturnType<typeof openBrowser>;
  /** Of a new account when left out. */
  openSignedIn(
    account?: Awaited<ReturnType<typeof newAccount>>,
    options?: BrowserContextOptions,
  ): ReturnType<typeof openSignedIn>;
}

export function useStage(options: Parameters<typeof startSite>[0] = {}): Stage {
  let chromium: Browser;
  let site: Site;
  beforeAll(async () => {
    [chromium, site] = await Promise.all([openChromium(), startSite(options)]);
  });
  afterEach(async () => {
    site.intercept = (_request, passage) => passage.deliver();
    await Promise.all(chromium.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await chromium?.close();
    await site?.stop();
  });
  return {
    get chromium() {
      return chromium;
    },
    get site() {
      return site;
    },
    newAccount: (name) => newAccount(site, name),
    openBrowser: (context) => openBrowser(chromium, site, context),
    openSignedIn: async (account, context) =>
      openSignedIn(chromium, site, account ?? (await newAccount(site)), context),
  };
}
