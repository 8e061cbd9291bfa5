import { CSRF, ACCESS, REFRESH } from '../support/cookie-mode.js';
import { ServerRenderedModule } from '../support/server-rendered.js';
import { poll } from '../support/poll.js';
import { useStage } from './support/stage.js';
import { openTab, sees } from './support/visitor.js';

const stage = useStage({ extras: { imports: [ServerRenderedModule] } });

test('pages that a server renders: the link from the account pages, a form, and the access token that runs out', async () => {
  const { context, tab } = await stage.openSignedIn();
  // Refreshed on the way, which brings the other two cookies.
  const desk = await openTab(context, '/desk');
  await desk.waitForURL('**/desk');
  await desk.locator('#who').waitFor();
  expect((await context.cookies()).map(({ name }) => name).toSorted()).toEqual([ACCESS, CSRF, REFRESH].toSorted());

  await desk.locator('input').fill('a <b>note</b>');
  await desk.getByRole('button', { name: 'Keep' }).click();
  await desk.getByText('a <b>note</b>').waitFor();

  await stage.site.service.advance(660);
  await desk.locator('input').fill('another one');
  const refreshed = desk.waitForResponse('**/v1/auth/refresh');
  await desk.getByRole('button', { name: 'Keep' }).click();
  expect((await refreshed).status()).toBe(200);
  await desk.waitForURL('**/desk');
  await desk.locator('input').fill('another one');
  await desk.getByRole('button', { name: 'Keep' }).click();
  await desk.getByText('another one').waitFor();

  // The account pages go on beside it, and a sign-out there takes all three cookies along.
  await tab.reload();
  await sees(tab, 'This device');
  await tab.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await sees(tab, 'You are signed out.');
  await poll(async () => (await context.cookies()).length === 0);
  await desk.goto('/desk');
  await desk.getByRole('heading', { name: 'Sign in' }).waitFor();
});
