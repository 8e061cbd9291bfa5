import type { Page } from 'playwright-core';
import { accountsOf, ACT } from '../support/operator.js';
import { useStage } from './support/stage.js';
import { isSignedOut, openTab, SAFARI_ON_IPHONE, sees } from './support/visitor.js';

const stage = useStage();

test('the sign-in page at another address than PUBLIC_URL says where it works, and leads there', async () => {
  const { email, password } = await stage.newAccount();
  const { site } = stage;
  const tab = await openTab(await stage.openBrowser(), `${site.service.url}/account/sign-in`);
  await tab.getByLabel('E-mail address').fill(email);
  await tab.getByLabel('Password', { exact: true }).fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await sees(tab, `This page works only at ${site.url}. Open it there.`);
  await tab.getByRole('link', { name: 'Open this page there' }).click();
  await tab.waitForURL(`${site.url}/account/sign-in`);
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
});

const address = (tab: Page) => tab.getByLabel('E-mail address').inputValue();

async function send(tab: Page, email: string, password: string, button: string): Promise<void> {
  await tab.getByLabel('E-mail address').fill(email);
  await tab.getByLabel('Password', { exact: true }).fill(password);
  await tab.getByRole('button', { name: button, exact: true }).click();
}

test.each(['ada', 'ada@example'])('registering with the address %s and a short password tells both', async (email) => {
  const tab = await openTab(await stage.openBrowser(), '/account/register');
  await send(tab, email, 'abc', 'Create account');
  await sees(tab, 'Type an e-mail address, such as ada@example.com.');
  await sees(tab, 'Use at least 8 characters.');
});

test('who was signed out from another device finds their address typed; who left by themselves does not', async () => {
  const account = await stage.newAccount();
  const laptop = await stage.openSignedIn(account);
  const phone = await stage.openSignedIn(account, { userAgent: SAFARI_ON_IPHONE });
  await laptop.tab.getByRole('button', { name: 'Sign out Safari on iOS' }).click();
  await laptop.tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await isSignedOut(phone.tab, 'This device was signed out from another one of your devices.');
  expect(await address(phone.tab)).toBe(account.email);

  await laptop.tab.getByRole('dialog').waitFor({ state: 'detached' });
  await laptop.tab.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await isSignedOut(laptop.tab, 'You are signed out.');
  expect(await address(laptop.tab)).toBe('');
});

test('who tries again while suspended is told once that they are', async () => {
  const account = await stage.newAccount();
  const { tab } = await stage.openSignedIn(account);
  const { service } = stage.site;
  const [{ id }] = (await service.db.query('select id from users where email = $1', [account.email])) as [
    { id: string },
  ];
  await accountsOf(service).suspend(id, ACT);
  await isSignedOut(tab, 'The account is suspended.');
  await send(tab, account.email, account.password, 'Sign in');
  await sees(tab, 'This account is suspended.');
  expect(await tab.getByText('account is suspended').count()).toBe(1);
});

test.each([320, 375])('at %s px the header says who is signed in', async (width) => {
  const account = await stage.newAccount('Ada Lovelace');
  const { tab } = await stage.openSignedIn(account, { viewport: { width, height: 640 } });
  const who = tab.getByRole('banner').getByText('Ada Lovelace');
  expect(await who.isVisible()).toBe(true);
  expect((await who.boundingBox())!.width).toBeGreaterThan(80);
  await tab.getByRole('banner').getByRole('link', { name: 'Portcullis' }).waitFor();
});
