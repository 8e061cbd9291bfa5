import { addApplication } from '../support/applications.js';
import { Device } from '../support/device.js';
import { useStage } from './support/stage.js';
import { isSignedOut, openTab, SAFARI_ON_IPHONE, sees } from './support/visitor.js';

/** A proof of who one is counts as recent for less than an access token lives. */
const stage = useStage({ env: { RECENT_AUTH_MAX_AGE: '2m' } });

/** On screen, without a click: two seconds are promised, and a machine with other work may take longer to paint. */
const AT_ONCE_MS = 6_000;

const phone = { userAgent: SAFARI_ON_IPHONE };

test('a device ended in one browser is signed out on the screen of the other at once, and told why', async () => {
  const account = await stage.newAccount();
  const laptop = await stage.openSignedIn(account);
  const lost = await stage.openSignedIn(account, phone);
  const tabs = [lost.tab, await openTab(lost.context, '/account/security'), await openTab(lost.context)];
  await Promise.all(tabs.map((tab) => tab.getByRole('button', { name: 'Sign out', exact: true }).first().waitFor()));

  await laptop.tab.getByRole('button', { name: 'Sign out Safari on iOS' }).click();
  const since = performance.now();
  await laptop.tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await Promise.all(
    tabs.map((tab) => isSignedOut(tab, 'This device was signed out from another one of your devices.')),
  );
  expect(performance.now() - since).toBeLessThan(AT_ONCE_MS);

  await sees(laptop.tab, 'You are signed in nowhere else');
  await lost.tab.reload();
  await lost.tab.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a device that is signed in to another application says to which, and is signed out from here', async () => {
  const { service } = stage.site;
  const shop = await addApplication(service, { name: 'The shop' });
  const account = await stage.newAccount();
  const device = new Device(service, account.email, account.password);
  await device.login({ applicationId: shop, deviceName: 'Till 4' });
  const { tab } = await stage.openSignedIn(account);
  const item = tab.getByRole('listitem').filter({ hasText: 'Till 4' });
  await item.getByText('The shop').waitFor();
  await item.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await item.waitFor({ state: 'detached' });
  expect((await device.send('/v1/sessions/current')).code).toBe('session_ended');
});

test('a sign-in elsewhere appears in the open list by itself, and goes as that device signs out', async () => {
  const account = await stage.newAccount();
  const { tab } = await stage.openSignedIn(account);
  await sees(tab, 'You are signed in nowhere else');
  const other = await stage.openSignedIn(account, phone);
  const item = tab.getByRole('listitem').filter({ hasText: 'Safari on iOS' });
  await item.getByText('New', { exact: true }).waitFor();
  await other.tab.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await isSignedOut(other.tab, 'You are signed out.');
  await item.waitFor({ state: 'detached' });
});

test('news of another device covers no field that somebody types into, on the smallest screen', async () => {
  const account = await stage.newAccount();
  await stage.openSignedIn(account, phone);
  const { tab } = await stage.openSignedIn(account, { viewport: { width: 320, height: 480 } });
  await tab.getByRole('button', { name: 'Rename Safari on iOS' }).click();
  const field = tab.getByLabel('Name of the device');
  await field.evaluate((input) => input.scrollIntoView({ block: 'end' }));
  await stage.openSignedIn(account);
  const news = tab.locator('.toast p');
  await news.waitFor();
  const [typing, told] = [(await field.boundingBox())!, (await news.boundingBox())!];
  expect(typing.y).toBeGreaterThan(told.y + told.height);
});

test('signing out in one of three tabs signs out all three, and no other browser', async () => {
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const tabs = [await openTab(context), await openTab(context, '/account/activity')];
  await Promise.all(tabs.map((one) => one.getByRole('link', { name: 'Activity' }).waitFor()));
  const other = await stage.openSignedIn(account);
  await tab.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await isSignedOut(tab, 'You are signed out.');
  await Promise.all(tabs.map((one) => isSignedOut(one, 'You signed out in another tab.')));
  await other.tab.reload();
  await sees(other.tab, 'This device');
});

test('a tab that nobody has touched for hours is told as quickly', async () => {
  const account = await stage.newAccount();
  const { tab } = await stage.openSignedIn(account);
  await stage.site.service.advance(3 * 3600);
  const other = await stage.openSignedIn(account, phone);
  const ended = isSignedOut(tab, 'This device was signed out from another one of your devices.');
  await other.tab.getByRole('button', { name: 'Sign out Chrome on macOS' }).click();
  const since = performance.now();
  await other.tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await ended;
  expect(performance.now() - since).toBeLessThan(AT_ONCE_MS);
});

test('a new password signs the other browser out, and it says so', async () => {
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const other = await stage.openSignedIn(account);
  const second = await openTab(context, '/account/security');
  await second.getByLabel('Current password').first().fill(account.password);
  await second.getByLabel('New password').first().fill('difference engine 1822');
  await second.getByRole('button', { name: 'Change password' }).click();
  await sees(second, 'Your password is changed');
  await isSignedOut(other.tab, 'The password of your account was changed on another device.');
  await tab.reload();
  await sees(tab, 'This device');
});

test('long after the sign-in, ending the others asks for the password first; a wrong one ends nobody', async () => {
  const account = await stage.newAccount();
  const { tab } = await stage.openSignedIn(account);
  const others = [await stage.openSignedIn(account, phone), await stage.openSignedIn(account, phone)];
  await stage.site.service.advance(2 * 3600);
  await tab.getByRole('button', { name: 'Sign out all others' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  const password = tab.getByRole('dialog', { name: 'Is it still you?' });
  await password.getByLabel('Password', { exact: true }).fill('not the password');
  await password.getByRole('button', { name: 'Continue' }).click();
  await sees(tab, 'This is not your password.');
  expect(await tab.getByRole('listitem').filter({ hasText: 'Safari on iOS' }).count()).toBe(2);
  await password.getByLabel('Password', { exact: true }).fill(account.password);
  await password.getByRole('button', { name: 'Continue' }).click();
  await Promise.all(others.map((other) => isSignedOut(other.tab, 'from another one of your devices')));
  await sees(tab, 'You are signed in nowhere else');
});
