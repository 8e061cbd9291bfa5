import { REFRESH } from '../support/cookie-mode.js';
import { poll } from '../support/poll.js';
import { useStage } from './support/stage.js';
import { isSignedOut, openBare, openBrowser, openTab, sees, signIn, until } from './support/visitor.js';

const stage = useStage();

test('when somebody else signs in in another tab, the open pages become theirs, and say so', async () => {
  const [ada, bob] = [await stage.newAccount('Ada'), await stage.newAccount('Bob')];
  const { context, tab } = await stage.openSignedIn(ada);
  const security = await openTab(context, '/account/security');
  await security.getByLabel('New password').first().fill('typed by Ada');
  const bare = await openBare(context);
  await bare.client.evaluate((client) => client.ready());
  await bare.client.evaluate((client, { email, password }) => client.signIn({ email, password }), bob);

  await Promise.all([tab, security].map((one) => sees(one, 'You are now signed in as Bob.')));
  for (const one of [tab, security]) expect(await one.getByRole('banner').textContent()).toContain('Bob');
  // What Ada had typed is not there for Bob.
  expect(await security.getByLabel('New password').first().inputValue()).toBe('');
  await tab.getByRole('link', { name: 'Profile' }).click();
  expect(await tab.getByLabel('E-mail address').inputValue()).toBe(bob.email);
});

test('what was asked for one person is neither shown to another nor done for them', async () => {
  const [ada, bob] = [await stage.newAccount('Ada'), await stage.newAccount('Bob')];
  const { context, tab } = await stage.openSignedIn(ada);
  await tab.getByRole('button', { name: /^Rename/ }).click();
  await tab.getByLabel('Name of the device').fill('The device of Ada');
  await tab.getByRole('button', { name: 'Save' }).click();
  await sees(tab, 'The device of Ada');
  const bare = await openBare(context);
  await bare.client.evaluate((client) => client.ready());

  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let arrived = () => {};
  const held = new Promise<void>((resolve) => (arrived = resolve));
  stage.site.intercept = async ({ path }, passage) => {
    if (path.startsWith('/v1/sessions?')) {
      await passage.reach();
      stage.site.intercept = (_request, next) => next.deliver();
      arrived();
      await released;
    }
    await passage.deliver();
  };
  const asked = bare.client.evaluate((client) => client.request('/v1/sessions?limit=5').catch((error) => error.code));
  await held;
  const second = await openBare(context);
  await second.client.evaluate((client) => client.ready());
  await second.client.evaluate((client, { email, password }) => client.signIn({ email, password }), bob);
  await until(bare.tab, "heard.some(({ name }) => name === 'userChanged')");
  release();
  expect(await asked).toBe('user_changed');
  await sees(tab, 'You are now signed in as Bob.');
  await sees(tab, 'This device');
  expect(await tab.getByText('The device of Ada').count()).toBe(0);
});

test('a copied cookie, used in two browsers, is found out: both are out, are told so, and the account tells it', async () => {
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const cookies = await context.cookies();
  expect(cookies.map(({ name }) => name)).toEqual([REFRESH]);
  // Past the seconds in which a repeated refresh is a lost answer, or another tab.
  await stage.site.service.advance(60);
  const thief = await openBrowser(stage.chromium, stage.site);
  await thief.addCookies(cookies);
  const stolen = await openTab(thief);
  await sees(stolen, 'This device');

  await stage.site.service.advance(60);
  await tab.reload();
  const warning = 'Someone may have copied your sign-in on this device, so it was signed out.';
  await isSignedOut(tab, warning);
  await isSignedOut(stolen, warning);
  await stolen.reload();
  await stolen.getByRole('heading', { name: 'Sign in' }).waitFor();

  await signIn(tab, account);
  await tab.getByRole('link', { name: 'Activity' }).click();
  await sees(tab, /^A copy of your sign-in on .* was used, so that device was signed out\./);
});

test('the thief is out as well when it is the one who comes late', async () => {
  const { context, tab } = await stage.openSignedIn();
  const cookies = await context.cookies();
  await stage.site.service.advance(60);
  await tab.reload();
  await sees(tab, 'This device');
  await stage.site.service.advance(60);
  const thief = await openBrowser(stage.chromium, stage.site);
  await thief.addCookies(cookies);
  const stolen = await openTab(thief);
  await stolen.getByRole('heading', { name: 'Sign in' }).waitFor();
  await isSignedOut(tab, 'Someone may have copied your sign-in on this device');
});

test('the cookies of another application in this browser neither disturb nor are disturbed', async () => {
  const context = await stage.openBrowser();
  const other = {
    name: '__Host-portcullis-other',
    value: 'prt_of.another.application',
    url: stage.site.url,
    secure: true,
    httpOnly: true,
    sameSite: 'Lax' as const,
  };
  await context.addCookies([other]);
  const tab = await openTab(context);
  await signIn(tab, await stage.newAccount());
  await tab.reload();
  await sees(tab, 'This device');
  const bare = await openBare(context);
  await bare.client.evaluate((client) => client.refresh());
  expect((await context.cookies()).map(({ name }) => name).toSorted()).toEqual([REFRESH, other.name].toSorted());
  await tab.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await isSignedOut(tab, 'You are signed out.');
  await poll(async () => (await context.cookies()).length === 1);
  expect((await context.cookies()).map(({ name, value }) => [name, value])).toEqual([[other.name, other.value]]);
});

test('the cookie is one that no script and no other host gets, and nothing else is kept that would sign in', async () => {
  const { context, tab } = await stage.openSignedIn();
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({
    name: REFRESH,
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    path: '/',
    expires: -1,
  });
  expect(cookie!.domain).toBe('id.portcullis.test');
  expect(await tab.evaluate('document.cookie')).toBe('');
  const stored = (await tab.evaluate('JSON.stringify([localStorage, sessionStorage])')) as string;
  expect(stored).not.toMatch(/prt_|eyJ/);
});
