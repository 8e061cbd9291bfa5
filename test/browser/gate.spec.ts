import { useStage } from './support/stage.js';
import { openTab, sees } from './support/visitor.js';

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
