import { addApplication, administrationOf } from './support/applications.js';
import { ClientBrowser, stopService, type Tab } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { ACT } from './support/operator.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let shop: string;
let browser: ClientBrowser;
let account: Tab;
/** Signed in to the shop in the same browser, as the same person. */
let till: Tab;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => stopService(service));
beforeEach(async () => {
  shop = await addApplication(service, { origins: [PUBLIC_URL], accessTokenTtl: 120, sessionIdle: 3600 });
  browser = new ClientBrowser(service);
  account = browser.open();
  till = browser.open({ applicationId: shop });
  const credentials = { email: newEmail(), password: PASSWORD };
  await account.client.register(credentials);
  await till.client.signIn(credentials);
});
afterEach(() => ClientBrowser.closeAll());

const current = ({ client }: Tab) =>
  client.request<{ id: string; application?: { id: string } }>('/v1/sessions/current');
const refreshes = () => browser.requests('/v1/auth/refresh').length;

test('the client of another application signs in, refreshes when its shorter token has run out, and knows its session', async () => {
  expect((await current(till)).application).toEqual({ id: shop, name: shop });
  await browser.advance(200);
  expect((await current(till)).application).toEqual({ id: shop, name: shop });
  expect(refreshes()).toBe(1);
  // The account's token has minutes to go.
  expect(await current(account)).not.toHaveProperty('application');
  expect(refreshes()).toBe(1);
  await till.client.reauthenticate(PASSWORD);
  expect((await current(till)).application).toEqual({ id: shop, name: shop });
});

test('signing out of one leaves the other signed in, whichever goes first', async () => {
  await till.client.signOut();
  expect(till.client.session.state).toBe('anonymous');
  expect(await account.client.request('/v1/users/me')).toMatchObject({ name: null });
  await account.client.refresh();
  expect(account.client.session.state).toBe('signed_in');
});

test('when an operator disables it, its open page is told at once, and the account goes on', async () => {
  await poll(() => browser.requests('/v1/sessions/current/events').length >= 2);
  await administrationOf(service).disable(shop, ACT);
  await poll(() => till.client.session.state === 'anonymous');
  expect(till.heard('signedOut')).toMatchObject([{ reason: 'application_disabled' }]);
  expect(await account.client.request('/v1/users/me')).toMatchObject({ name: null });
});

test('what is for the account pages is refused after one refresh, and nobody is signed out for asking', async () => {
  await expect(till.client.request('/v1/users/me')).rejects.toMatchObject({ code: 'token_invalid' });
  expect(refreshes()).toBe(1);
  expect(till.client.session.state).toBe('signed_in');
  expect((await current(till)).application).toEqual({ id: shop, name: shop });
});
