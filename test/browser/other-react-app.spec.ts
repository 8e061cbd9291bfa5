import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';
import { useStage } from './support/stage.js';
import { openTab, SAFARI_ON_IPHONE, sees } from './support/visitor.js';

const IDLE = 900;

const stage = useStage({ env: { SESSION_IDLE: `${IDLE}s`, RECENT_AUTH_MAX_AGE: '2m' } });

/** Prints what Vite makes of the application, as an object of its files by their endings. */
const BUILD = `
  import { build } from 'vite';
  const options = { write: false, modulePreload: false, rollupOptions: { input: process.argv[1] } };
  const { output } = await build({ configFile: false, logLevel: 'silent', root: process.argv[2], build: options });
  const files = output.map(({ fileName, code, source }) => [fileName.split('.').at(-1), code ?? source]);
  process.stdout.write(JSON.stringify(Object.fromEntries(files)));
`;

let files: { js: string; css: string };

beforeAll(async () => {
  const folder = join(import.meta.dirname, 'support');
  const parameters = ['--input-type=module', '-e', BUILD, join(folder, 'other-app.mjs'), folder];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: 'web', maxBuffer: 10_000_000 });
  files = JSON.parse(stdout) as typeof files;
}, 60_000);

async function openApp(context: BrowserContext): Promise<Page> {
  const html =
    '<!doctype html><link rel="stylesheet" href="app.css"><div id="root"></div><script type="module" src="app.js"></script>';
  await context.route('**/app/', (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await context.route('**/app/app.js', (route) => route.fulfill({ contentType: 'text/javascript', body: files.js }));
  await context.route('**/app/app.css', (route) => route.fulfill({ contentType: 'text/css', body: files.css }));
  return openTab(context, '/app/');
}

test('another React application has the hooks: devices as they come, ended after the password is asked for, and the reason', async () => {
  const account = await stage.newAccount();
  const context = await stage.openBrowser();
  const tab = await openApp(context);
  await sees(tab, 'Out: nobody yet');
  await tab.evaluate(`client.signIn(${JSON.stringify(account)}).then(() => null)`);
  await sees(tab, 'Here: Chrome on macOS');
  const phone = await stage.openSignedIn(account, { userAgent: SAFARI_ON_IPHONE });
  await sees(tab, 'There: Safari on iOS');

  await stage.site.service.advance(300);
  await tab.getByRole('button', { name: 'There: Safari on iOS' }).click();
  await tab.getByRole('button', { name: 'It is still me' }).click();
  await tab.getByRole('button', { name: 'There: Safari on iOS' }).waitFor({ state: 'detached' });
  await phone.tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tab.evaluate(`client.signOut().then(() => null)`);
  await sees(tab, 'Out: this_tab');
});

test('and the dialog that warns before a time-out, in its plain look', async () => {
  const context = await stage.openBrowser();
  await context.clock.install();
  const tab = await openApp(context);
  await sees(tab, 'Out: nobody yet');
  await tab.evaluate(`client.signIn(${JSON.stringify(await stage.newAccount())}).then(() => null)`);
  await sees(tab, 'Here: Chrome on macOS');
  await stage.site.service.advance(IDLE - 40);
  await context.clock.fastForward((IDLE - 40) * 1000);
  const dialog = tab.getByRole('alertdialog', { name: 'Are you still there?' });
  await dialog.waitFor();
  expect(await tab.evaluate("getComputedStyle(document.querySelector('dialog')).borderRadius")).toBe('12px');
  await dialog.getByRole('button', { name: 'Stay signed in' }).click();
  await dialog.waitFor({ state: 'detached' });
  await sees(tab, 'Here: Chrome on macOS');
});
