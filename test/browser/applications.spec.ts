import type { BrowserContext, Page } from 'playwright-core';
import { addApplication } from '../support/applications.js';
import { useStage } from './support/stage.js';
import { isSignedOut, sees, type Account } from './support/visitor.js';

const stage = useStage();

interface Told {
  status: number;
  code: string | null;
  session: string | null;
}

/** A page of a host of its own, with nothing on it. */
async function openPage(context: BrowserContext, host: string): Promise<Page> {
  stage.site.pages.set(`${host}/`, '<!doctype html><title>A page</title>');
  const page = await context.newPage();
  await page.goto(stage.site.address(`${host}/`));
  return page;
}

/** As its script asks the service, which is on another host. Null when the browser keeps the answer from it. */
function ask(page: Page, path: string, body: object): Promise<Told | null> {
  return page.evaluate(
    async ([url, text]) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', credentials: 'include', headers, body: text }).catch(
        () => null,
      );
      if (!answer) return null;
      const told = answer.status === 204 ? null : ((await answer.json()) as any);
      return { status: answer.status, code: told?.code ?? null, session: told?.session?.id ?? null };
    },
    [stage.site.url + path, JSON.stringify(body)] as const,
  );
}

const originOf = (host: string) => stage.site.address(host);
const cookiesOf = async (context: BrowserContext) => (await context.cookies()).map(({ name }) => name).toSorted();

test('two applications on one site and the account pages share a browser and do not disturb each other', async () => {
  const { service } = stage.site;
  const [shopHost, clubHost] = ['shop.portcullis.test', 'club.portcullis.test'];
  const shop = await addApplication(service, { origins: [originOf(shopHost)] });
  const club = await addApplication(service, { origins: [originOf(clubHost)] });
  const account: Account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const [shopPage, clubPage] = [await openPage(context, shopHost), await openPage(context, clubHost)];
  const { email, password } = account;
  const signedIn = [
    await ask(shopPage, '/v1/auth/login', { email, password, applicationId: shop }),
    await ask(clubPage, '/v1/auth/login', { email, password, applicationId: club }),
  ];
  expect(signedIn.map((told) => told?.status)).toEqual([200, 200]);
  expect(await cookiesOf(context)).toEqual(['account', shop, club].map((id) => `__Host-portcullis-${id}`).toSorted());

  // A page of one cannot act with the cookie of another, though the browser sends it.
  for (const [page, applicationId] of [
    [shopPage, club],
    [clubPage, 'account'],
  ] as const)
    expect(await ask(page, '/v1/auth/refresh', { applicationId })).toMatchObject({
      status: 403,
      code: 'cross_site_refused',
    });
  const evil = await openPage(context, 'evil.portcullis.test');
  expect(await ask(evil, '/v1/auth/refresh', { applicationId: shop })).toBeNull();

  expect((await ask(shopPage, '/v1/auth/logout', { applicationId: shop }))?.status).toBe(204);
  expect(await ask(clubPage, '/v1/auth/refresh', { applicationId: club })).toMatchObject({
    status: 200,
    session: signedIn[1]!.session,
  });
  expect((await ask(shopPage, '/v1/auth/refresh', { applicationId: shop }))?.code).toBe('refresh_token_invalid');
  await tab.reload();
  await sees(tab, 'This device');
  await tab.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await isSignedOut(tab, 'You are signed out.');
  expect((await ask(clubPage, '/v1/auth/refresh', { applicationId: club }))?.status).toBe(200);
});

test('a page on another site is told that no cookie reaches it; by body it signs in', async () => {
  const host = 'shop.elsewhere.test';
  const shop = await addApplication(stage.site.service, { origins: [originOf(host)] });
  const { email, password } = await stage.newAccount();
  const context = await stage.openBrowser();
  const page = await openPage(context, host);
  const credentials = { email, password, applicationId: shop };
  expect(await ask(page, '/v1/auth/login', credentials)).toMatchObject({ status: 403, code: 'cross_site_refused' });
  expect(await ask(page, '/v1/auth/login', { ...credentials, delivery: 'body' })).toMatchObject({ status: 200 });
  expect(await cookiesOf(context)).toEqual([]);
});
