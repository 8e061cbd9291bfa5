import type { BrowserContext, Page } from 'playwright-core';
import { CSRF, REFRESH } from '../support/cookie-mode.js';
import { ServerRenderedModule } from '../support/server-rendered.js';
import type { SeenRequest } from './support/site.js';
import { useStage, type Stage } from './support/stage.js';
import { openTab, until, type Account } from './support/visitor.js';

const stage: Stage = useStage({ extras: { imports: [ServerRenderedModule] } });

/** Where an attacker may have a page: another site, a sibling of ours, a host below ours. */
const ELSEWHERE = ['evil.test', 'blog.portcullis.test', 'x.id.portcullis.test'];

const ACTIONS = ['refresh', 'logout', 'logout-all', 'login', 'register', 'password', 'reauthenticate'];

/** Sends each action in each way that needs nobody's permission (no body, a body of no type, ...), and in the one that does. */
const FETCH_ALL = `async ([base, paths, body]) => {
  const types = [null, '', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json'];
  const answers = [];
  for (const path of paths) {
    for (const type of types) {
      const mode = type === 'application/json' ? 'cors' : 'no-cors';
      const untyped = type === '' && { body: new Blob([body]) };
      const content = type && { body, headers: { 'content-type': type } };
      const options = { method: 'POST', credentials: 'include', mode, ...untyped, ...content };
      answers.push(await fetch(base + path, options).then(({ type }) => type, () => 'failed'));
    }
  }
  return answers;
}`;

/** Submits a form to a path of ours, as a navigation of this very window. */
const SUBMIT = `([action, enctype, name]) => {
  const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype });
  form.append(Object.assign(document.createElement('input'), { name, value: '"}' }));
  document.body.append(form);
  form.submit();
}`;

/** Somebody who is signed in in full cookie mode: whatever a cookie can do, theirs does. */
async function signInByCookies(): Promise<{ context: BrowserContext; tab: Page; account: Account }> {
  const account = await stage.newAccount('Ada');
  const context = await stage.openBrowser();
  const tab = await openTab(context);
  const body = JSON.stringify({ ...account, accessCookie: true });
  const headers = { 'content-type': 'application/json' };
  const login = `fetch('/v1/auth/login', ${JSON.stringify({ method: 'POST', headers, body })}).then(({ status }) => status)`;
  expect(await tab.evaluate(login)).toBe(200);
  await tab.goto('/desk');
  return { context, tab, account };
}

/** All that could have been changed. */
async function state(): Promise<string> {
  const { db } = stage.site.service;
  const sessions = await db.query('select id, generation, name, ended_at, user_id from sessions order by id');
  const users = await db.query('select id, email, name, status, token_version, password_hash from users order by id');
  return JSON.stringify([sessions, users]);
}

function seenFrom(host: string): SeenRequest[] {
  return stage.site.seen.filter(({ origin }) => origin === new URL(stage.site.address(host)).origin);
}

async function openElsewhere(context: BrowserContext, host: string): Promise<Page> {
  stage.site.pages.set(`${host}/`, '<!doctype html><title>Look here</title><body></body>');
  return openTab(context, stage.site.address(`${host}/`));
}

const isSibling = (host: string) => host.endsWith('portcullis.test');

test.each(ELSEWHERE)('no script of %s can act by the cookies, nor read an answer', async (host) => {
  const { context, tab, account } = await signInByCookies();
  const page = await openElsewhere(context, host);
  const before = await state();
  stage.site.seen.length = 0;
  const paths = [...ACTIONS.map((action) => `/v1/auth/${action}`), '/desk/notes'];
  const body = JSON.stringify({ ...account, text: 'planted' });
  const attack = `(${FETCH_ALL})(${JSON.stringify([stage.site.url, paths, body])})`;
  const answers = (await page.evaluate(attack)) as string[];
  expect(new Set(answers)).toEqual(new Set(['opaque', 'failed']));

  const posts = seenFrom(host).filter(({ method }) => method === 'POST');
  expect(posts).toHaveLength(paths.length * 5);
  // Where nothing else is wrong with a request, it is refused for where it comes from.
  const refused = new Set(posts.filter(({ status }) => status === 403).map(({ path }) => path));
  const needsNoBody = paths.filter((path) => !/login|register/.test(path));
  expect([...refused]).toEqual(isSibling(host) ? needsNoBody : []);
  for (const { status } of posts) expect([400, 401, 403, 415]).toContain(status);
  // SameSite=Lax keeps the cookies from other sites, but not from siblings: there they come along, and are of no use.
  for (const { cookie } of posts) expect(cookie.includes(REFRESH)).toBe(isSibling(host));
  expect(await state()).toBe(before);
  await tab.reload();
  expect(await tab.locator('li').count()).toBe(0);
  await tab.locator('#who').waitFor();
});

test.each(ELSEWHERE)('no form of %s can act, whatever its encoding', async (host) => {
  const { context, tab } = await signInByCookies();
  const before = await state();
  const page = await openElsewhere(context, host);
  stage.site.seen.length = 0;
  let forms = 0;
  for (const path of ['/v1/auth/refresh', '/v1/auth/logout', '/v1/auth/logout-all', '/desk/notes']) {
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const form = [stage.site.url + path, enctype, '{"text":"'];
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith(path)),
        page.waitForURL(`**${path}`),
        page.evaluate(`(${SUBMIT})(${JSON.stringify(form)})`),
      ]);
      expect([400, 401, 403, 415]).toContain(answer.status());
      forms++;
      await page.goto(stage.site.address(`${host}/`));
    }
  }
  expect(seenFrom(host)).toHaveLength(forms);
  expect(await state()).toBe(before);
  await tab.reload();
  await tab.locator('#who').waitFor();
});

test('a sandboxed frame, whose origin is null, can do nothing either', async () => {
  const { context } = await signInByCookies();
  const before = await state();
  const page = await openElsewhere(context, 'blog.portcullis.test');
  stage.site.seen.length = 0;
  const attack = `(${FETCH_ALL})(${JSON.stringify([stage.site.url, ['/v1/auth/refresh', '/v1/auth/logout'], '{}'])})`;
  const frame = `<script>${attack}.then(() => parent.postMessage('done', '*'))</script>`;
  const done = page.evaluate(`new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data)))`);
  await page.evaluate(`document.body.append(Object.assign(document.createElement('iframe'),
    { sandbox: 'allow-scripts', srcdoc: ${JSON.stringify(frame).replaceAll('</', String.raw`<\/`)} }))`);
  expect(await done).toBe('done');
  const posts = stage.site.seen.filter(({ method, origin }) => method === 'POST' && origin === 'null');
  expect(posts).toHaveLength(10);
  for (const { status } of posts) expect([401, 403, 415]).toContain(status);
  expect(await state()).toBe(before);
});

test.each([...ELSEWHERE, 'id.portcullis.test'])('no page of ours is shown in a frame on %s', async (host) => {
  const { context } = await stage.openSignedIn();
  const refused: string[] = [];
  const framed = `<!doctype html><title>Framed</title><iframe src="${stage.site.url}/account/"></iframe>`;
  stage.site.pages.set(`${host}/`, framed);
  const page = await context.newPage();
  page.on('console', (message) => refused.push(message.text()));
  if (host === 'id.portcullis.test') {
    await page.goto('/bare');
    await page.evaluate(`document.body.innerHTML = '<iframe src="/account/"></iframe>'`);
  } else await page.goto(stage.site.address(`${host}/`));
  await until(page, 'document.readyState === "complete"');
  const [, frame] = page.frames();
  await frame!.waitForLoadState();
  expect(frame!.url()).toMatch(/^chrome-error:/);
  expect(refused.join()).toMatch(/frame-ancestors|X-Frame-Options/i);
});

test('a sibling cannot plant a refresh token, and a CSRF token that it plants is of no use to it', async () => {
  const { context, tab } = await signInByCookies();
  const page = await openElsewhere(context, 'blog.portcullis.test');
  const before = await state();
  await page.evaluate(`
    for (const name of ['${REFRESH}', '${CSRF}', 'planted']) {
      document.cookie = name + '=planted; Domain=portcullis.test; Path=/; Secure';
    }
  `);
  const kept = await context.cookies(stage.site.url);
  expect(kept.filter(({ name }) => name === REFRESH).map(({ value }) => value)).not.toContain('planted');
  expect(
    kept
      .filter(({ value }) => value === 'planted')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['planted', CSRF]);
  const post = `fetch('${stage.site.url}/desk/notes', { method: 'POST', mode: 'no-cors', credentials: 'include',
    headers: { 'content-type': 'text/plain' }, body: '{"text":"planted"}' }).then(() => null)`;
  await page.evaluate(post);
  expect(await state()).toBe(before);
  await tab.reload();
  await tab.locator('#who').waitFor();
  expect(await tab.locator('li').count()).toBe(0);
});
