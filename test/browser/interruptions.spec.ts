import { poll } from '../support/poll.js';
import { useStage } from './support/stage.js';
import { heardIn, isSignedOut, openBare, openTab, sees, signIn } from './support/visitor.js';

const stage = useStage();

const sessionsLeft = async (email: string): Promise<number> =>
  (
    await stage.site.service.db.query(
      'select 1 from sessions s join users u on u.id = s.user_id where s.ended_at is null and u.email = $1',
      [email],
    )
  ).length;

const callsSeen = () => stage.site.seen.map(({ path }) => path).filter((path) => path.startsWith('/v1/'));

const signOutButton = { name: 'Sign out', exact: true };

test('a reload keeps the person signed in with one refresh; a stranger who reloads asks once', async () => {
  const { context, tab } = await stage.openSignedIn();
  stage.site.seen.length = 0;
  await tab.reload();
  await sees(tab, 'This device');
  expect(stage.site.seen.filter(({ path }) => path === '/v1/auth/refresh')).toHaveLength(1);

  await tab.getByRole('button', signOutButton).first().click();
  await isSignedOut(tab, 'You are signed out.');
  await poll(async () => (await context.cookies()).length === 0);
  stage.site.seen.length = 0;
  await tab.reload();
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(callsSeen()).toEqual(['/v1/auth/refresh']);
});

test('a stranger costs one refused call for each page that is loaded', async () => {
  const context = await stage.openBrowser();
  stage.site.seen.length = 0;
  const tab = await openTab(context);
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(callsSeen()).toEqual(['/v1/auth/refresh']);
  await tab.reload();
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(callsSeen()).toEqual(['/v1/auth/refresh', '/v1/auth/refresh']);
});

test('"back" to a page that was left does not show what has ended meanwhile, kept by the browser or not', async () => {
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  stage.site.pages.set('elsewhere.test/', '<!doctype html><title>Elsewhere</title>');
  await tab.goto(stage.site.address('elsewhere.test/'));
  const other = await openTab(context);
  await other.getByRole('button', signOutButton).first().click();
  await isSignedOut(other, 'You are signed out.');
  // A page that the browser has kept does not load, so only its being there can be waited for.
  await tab.goBack({ waitUntil: 'commit' });
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await tab.getByText('This device').count()).toBe(0);
});

test('"back" to a page while the session goes on shows it, signed in and listening again', async () => {
  const account = await stage.newAccount();
  const { tab } = await stage.openSignedIn(account);
  stage.site.pages.set('elsewhere.test/', '<!doctype html><title>Elsewhere</title>');
  await tab.goto(stage.site.address('elsewhere.test/'));
  await tab.goBack({ waitUntil: 'commit' });
  await sees(tab, 'This device');
  const other = await stage.openSignedIn(account);
  await other.tab.getByRole('button', { name: /^Sign out Chrome/ }).click();
  await other.tab.getByRole('dialog').getByRole('button', signOutButton).click();
  await isSignedOut(tab, 'This device was signed out from another one of your devices.');
});

test('signing out while offline takes effect at once, in all tabs, and on the service when it is back', async () => {
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const other = await openTab(context, '/account/activity');
  await other.getByRole('heading', { name: 'Activity' }).waitFor();
  await context.setOffline(true);
  await sees(tab, 'You are offline.');
  await tab.getByRole('button', signOutButton).first().click();
  await isSignedOut(tab, 'You are signed out.');
  await isSignedOut(other, 'You signed out in another tab.');
  expect(await sessionsLeft(account.email)).toBe(1);
  await context.setOffline(false);
  await poll(async () => (await sessionsLeft(account.email)) === 0);
  await tab.reload();
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('without the network the page stays and says so; it goes on by itself when it is back', async () => {
  const { context, tab } = await stage.openSignedIn();
  await context.setOffline(true);
  await sees(tab, 'You are offline.');
  await stage.site.service.advance(660);
  await sees(tab, 'This device');
  await context.setOffline(false);
  await tab.getByText('You are offline.').waitFor({ state: 'detached' });
  await tab.getByRole('link', { name: 'Activity' }).click();
  await sees(tab, 'You signed in on this device.');
});

test('a restart of the service signs nobody out, and open pages listen again by themselves', async () => {
  await stage.site.bringUp();
  const account = await stage.newAccount();
  const { context, tab } = await stage.openSignedIn(account);
  const bare = await openBare(context);
  await stage.site.takeDown();
  const late = bare.client.evaluate((client) => client.refresh().then(({ state }) => state));
  await stage.site.bringUp();
  expect(await late).toBe('signed_in');
  const other = await stage.openSignedIn(account);
  await tab.getByRole('heading', { name: /other device/ }).waitFor();
  await other.tab.getByRole('button', { name: /^Sign out Chrome/ }).click();
  await other.tab.getByRole('dialog').getByRole('button', signOutButton).click();
  await isSignedOut(tab, 'This device was signed out from another one of your devices.');
});

test('while the service answers 503 or rubbish, nobody is signed out', async () => {
  const { context, tab } = await stage.openSignedIn();
  const bare = await openBare(context);
  await stage.site.service.advance(660);
  await context.route('**/v1/**', (route, request) =>
    request.url().endsWith('/refresh')
      ? route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' })
      : route.fulfill({ status: 503, headers: { 'retry-after': '1' }, contentType: 'text/plain', body: '' }),
  );
  await tab.getByRole('link', { name: 'Activity' }).click();
  await tab.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await bare.client.evaluate((client) => client.session.state)).toBe('signed_in');
  await context.unroute('**/v1/**');
  await tab.getByRole('button', { name: 'Try again' }).click();
  await sees(tab, 'You signed in on this device.');
  expect(await heardIn(bare.tab, 'signedOut')).toEqual([]);
});

test('a tab frozen in the middle of a refresh holds up nobody, and finds its way when it thaws', async () => {
  const context = await stage.openBrowser();
  const tab = await openTab(context);
  await signIn(tab, await stage.newAccount());
  const frozen = await openBare(context);
  const others = await Promise.all([openBare(context), openBare(context)]);
  await Promise.all([frozen, ...others].map(({ client }) => client.evaluate((one) => one.ready())));

  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  let answer = () => {};
  const thawed = new Promise<void>((resolve) => (answer = resolve));
  stage.site.intercept = async ({ path }, passage) => {
    if (path === '/v1/auth/refresh') {
      stage.site.intercept = (_request, next) => next.deliver();
      await passage.reach();
      arrived();
      await thawed;
    }
    await passage.deliver();
  };
  const late = frozen.client.evaluate((client) => client.refresh().then(({ state }) => state));
  await asked;
  // What stops its scripts, timers and messages, as the browser's own freezing does, also where that spares what is visible.
  const devTools = await context.newCDPSession(frozen.tab);
  await devTools.send('Debugger.enable');
  await devTools.send('Debugger.pause');

  const states = others.map(({ client }) => client.evaluate((one) => one.refresh().then(({ state }) => state)));
  expect(await Promise.all(states)).toEqual(['signed_in', 'signed_in']);
  await stage.site.service.advance(660);
  await tab.getByRole('link', { name: 'Activity' }).click();
  await sees(tab, 'You signed in on this device.');

  await devTools.send('Debugger.disable');
  answer();
  expect(await late).toBe('signed_in');
  expect(await frozen.client.evaluate(async (one) => (await one.fetch('/v1/users/me')).status)).toBe(200);
  const heard = await Promise.all([frozen, ...others].map((one) => heardIn(one.tab, 'signedOut')));
  expect(heard.flat()).toEqual([]);
});
