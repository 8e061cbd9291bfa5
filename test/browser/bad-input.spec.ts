import type { Page, Route } from 'playwright-core';
import { PASSWORD } from '../support/device.js';
import { useStage } from './support/stage.js';
import { openTab } from './support/visitor.js';

const stage = useStage();

/** What was typed, by the label of its field. */
type Typed = Record<string, string>;

const UNREACHABLE = 'We could not reach the service. Check your connection and try again.';

async function openForm(path: string): Promise<Page> {
  const tab = await openTab(await stage.openBrowser(), path);
  await tab.getByRole('heading', { level: 1 }).waitFor();
  return tab;
}

const fieldOf = (tab: Page, label: string) => tab.getByLabel(label, { exact: true });

async function send(tab: Page, typed: Typed, button: string): Promise<void> {
  for (const [label, value] of Object.entries(typed)) await fieldOf(tab, label).fill(value);
  await tab.getByRole('button', { name: button, exact: true }).click();
}

/** The label and the descriptions of what has the focus: what a screen reader says of it. */
const FOCUSED = `(() => {
  const { activeElement: field } = document;
  const notes = (field.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent);
  return { label: field.labels?.[0]?.textContent.trim(), notes };
})()`;

/** Beside its field, where the focus is. */
async function expectBeside(tab: Page, label: string, sentence: string): Promise<void> {
  await tab.getByText(sentence).waitFor();
  expect(await tab.evaluate(FOCUSED)).toEqual({ label, notes: expect.arrayContaining([sentence]) });
}

async function expectKept(tab: Page, typed: Typed): Promise<void> {
  for (const [label, value] of Object.entries(typed)) expect(await fieldOf(tab, label).inputValue()).toBe(value);
}

const signIn = { 'E-mail address': 'ada@example.com', Password: 'not the password' };

test.each<[name: string, typed: Typed, label: string, sentence: string]>([
  ['a wrong password', signIn, 'Password', 'The e-mail address or the password is wrong. Check both and try again.'],
  ['no password', { ...signIn, Password: '' }, 'Password', 'Type your password.'],
  [
    'what is no address',
    { ...signIn, 'E-mail address': 'ada' },
    'E-mail address',
    'Type an e-mail address, such as ada@example.com.',
  ],
])('signing in with %s: a sentence beside the field, and what was typed is kept', async (_, typed, label, sentence) => {
  const tab = await openForm('/account/sign-in');
  await send(tab, typed, 'Sign in');
  await expectBeside(tab, label, sentence);
  await expectKept(tab, typed);
});

test('registering with a taken address, then with a common password: beside the field, and what was typed is kept', async () => {
  const { email } = await stage.newAccount();
  const tab = await openForm('/account/register');
  const taken = { 'E-mail address': email, Password: 'difference engine 1822' };
  await send(tab, taken, 'Create account');
  await expectBeside(
    tab,
    'E-mail address',
    'There is already an account with this address. Sign in, or use another address.',
  );
  await expectKept(tab, taken);
  const common = { 'E-mail address': `new-${email}`, Password: 'password123' };
  await send(tab, common, 'Create account');
  await expectBeside(tab, 'Password', 'This password is among the most common ones: choose another.');
  await expectKept(tab, common);
});

test('changing the password to the same one: beside the new one, and what was typed is kept', async () => {
  const { context, tab: devices } = await stage.openSignedIn(await stage.newAccount());
  await devices.close();
  const tab = await openTab(context, '/account/security');
  const typed = { 'Current password': PASSWORD, 'New password': PASSWORD };
  await send(tab, typed, 'Change password');
  await expectBeside(tab, 'New password', 'This is the password you have already.');
  await expectKept(tab, typed);
});

test.each<[name: string, answer: (route: Route) => Promise<void>, sentence: string]>([
  ['no network', (route) => route.abort('internetdisconnected'), UNREACHABLE],
  [
    'a service that is busy',
    (route) => route.fulfill({ status: 503, headers: { 'retry-after': '20' }, contentType: 'text/plain', body: '' }),
    'The service is busy right now. Try again in 20 seconds.',
  ],
  [
    'a service that answers rubbish',
    (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Welcome to the hotel</h1>' }),
    'The service gave an answer we could not read. Wait a moment and try again.',
  ],
])(
  'signing in with %s: a sentence above the form, and once it is well again the same does it',
  async (_, answer, sentence) => {
    const { email, password } = await stage.newAccount();
    const typed = { 'E-mail address': email, Password: password };
    const tab = await openForm('/account/sign-in');
    await tab.route('**/v1/auth/login', answer);
    await send(tab, typed, 'Sign in');
    await tab.getByText(sentence).waitFor();
    await expectKept(tab, typed);
    await tab.unroute('**/v1/auth/login');
    await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
    await tab.getByText('This device').first().waitFor();
  },
);
