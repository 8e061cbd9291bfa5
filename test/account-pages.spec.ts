import { Module } from '@nestjs/common';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics } from '../src/common/metrics/metrics.js';
import { Readiness } from '../src/common/readiness.js';
import { AccountController } from '../src/pages/account.controller.js';
import { AccountPages } from '../src/pages/account-pages.js';
import { jsonOf, rawRequest, startFixture, statusOf, type RunningApp } from './http-fixture.js';

const INDEX = '<!doctype html><title>Your account</title><script type="module" src="/account/assets/a-Bc12_-xY.js">';
const SCRIPT = `export const twice = 'a string that is long enough to be worth compressing, '.repeat(2);\n`.repeat(20);

let folder: string;
let running: RunningApp;
let unbuilt: RunningApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'account-pages-'));
  await writeFile(join(folder, 'secret.txt'), 'beside the pages');
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  const files = {
    'index.html': INDEX,
    'assets/a-Bc12_-xY.js': SCRIPT,
    'assets/plain.css': 'b{}',
    'plain.js': '',
    'icon.svg': '<svg/>',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'dist', name), text);
  running = await startPages(join(folder, 'dist'));
  unbuilt = await startPages(join(folder, 'nothing'));
});
afterAll(async () => {
  await running.close();
  await unbuilt.close();
  await rm(folder, { recursive: true });
});

function startPages(from: string): Promise<RunningApp> {
  @Module({
    controllers: [AccountController],
    providers: [Readiness, Metrics, { provide: AccountPages, useFactory: () => new AccountPages(from) }],
  })
  class OnlyPagesModule {}
  return startFixture({}, OnlyPagesModule);
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(running.url + path, { method, headers, redirect: 'manual' });

test.each(['/account', '/account/', '/account/devices', '/account/security/', '/account/a/b_c-d', '/account?x=1'])(
  '%s is the page, which is asked for anew each time',
  async (path) => {
    const answer = await get(path);
    expect([answer.status, await answer.text()]).toEqual([200, INDEX]);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  },
);

test.each([
  ['assets/a-Bc12_-xY.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['assets/plain.css', 'text/css; charset=utf-8', 'no-cache'],
  ['plain.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['icon.svg', 'image/svg+xml', 'no-cache'],
  ['index.html', 'text/html; charset=utf-8', 'no-cache'],
])('%s comes as %s, cached as %s: for good only if its name tells its content', async (name, type, caching) => {
  const { status, headers } = await get(`/account/${name}`);
  expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, caching]);
});

test('pages carry the security headers of every answer: nothing inline, no frame', async () => {
  for (const path of ['/account', '/account/assets/a-Bc12_-xY.js', '/account/nothing.js']) {
    const { headers } = await get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).not.toBeNull();
  }
});

test('what is known already is not sent again: 304 with the headers and nothing else', async () => {
  for (const path of ['/account', '/account/assets/a-Bc12_-xY.js']) {
    const etag = (await get(path)).headers.get('etag')!;
    for (const known of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const answer = await get(path, { 'if-none-match': known });
      expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([304, '', etag]);
      expect(answer.headers.get('cache-control')).not.toBe('no-store');
    }
    expect((await get(path, { 'if-none-match': 'W/"other"' })).status).toBe(200);
  }
});

test('text is compressed for who takes gzip, under the same tag, and caches are told', async () => {
  const raw = (encoding: string) => rawRequest(running.port, 'GET /account/assets/a-Bc12_-xY.js', [encoding]);
  const plain = await raw('Accept-Encoding: br, gzip;q=0');
  const packed = await raw('Accept-Encoding: deflate, gzip;q=0.8');
  expect(plain).not.toMatch(/content-encoding/i);
  expect(plain).toContain(SCRIPT);
  expect(packed).toMatch(/content-encoding: gzip/i);
  for (const answer of [plain, packed]) expect(answer).toMatch(/vary: Origin, Accept-Encoding/i);
  const etagOf = (answer: string) => /etag: (.*)\r\n/i.exec(answer)?.[1];
  expect(etagOf(packed)).toBe(etagOf(plain));
  // fetch unpacks by itself what comes packed.
  const whole = await get('/account/assets/a-Bc12_-xY.js', { 'accept-encoding': 'gzip' });
  expect([whole.headers.get('content-encoding'), await whole.text()]).toEqual(['gzip', SCRIPT]);
});

test('HEAD answers as GET does, without the body', async () => {
  const answer = await rawRequest(running.port, 'HEAD /account');
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain(`content-length: ${INDEX.length}\r\n`);
  expect(answer.split('\r\n\r\n')[1]).toBe('');
});

test.each([
  '/account/missing.js',
  '/account/assets/',
  '/account/assets',
  '/account/assets/missing-12345678.js',
  '/account/.env',
  '/account/secret.txt',
  '/account/../secret.txt',
  '/account/%2e%2e/secret.txt',
  '/account/..%2fsecret.txt',
  '/account/%2e%2e%2fsecret.txt',
  '/account/assets/..%2f..%2f..%2fsecret.txt',
  '/account/..%5csecret.txt',
  '/account/..\\secret.txt',
  '/account/....//secret.txt',
  '/account/%252e%252e%252fsecret.txt',
  '/account/index.html%00.js',
  '/account/%00',
  '/account/index.html/',
  '/account//index.html',
  '/account/%69ndex.html',
  '/account/__proto__.js',
  '/account/a%20b',
  '//account',
  '/Account',
  '/accountant',
])('%s is nothing: a problem document, neither a file nor a list of files', async (path) => {
  const answer = await rawRequest(running.port, `GET ${path}`);
  expect([400, 404]).toContain(statusOf(answer));
  expect(answer).toContain('application/problem+json');
  expect(answer).not.toContain('beside the pages');
  expect(answer).not.toContain('doctype');
});

test('pages are read, and nothing else', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await get('/account/devices', {}, method);
    expect([answer.status, (await jsonOf(answer))['code']]).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  }
});

test('the root leads to the account pages', async () => {
  const answer = await get('/');
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/account']);
});

test('before the pages are built, their address says what to do', async () => {
  for (const path of ['/account', '/account/devices', '/account/assets/a.js']) {
    const answer = await fetch(unbuilt.url + path);
    expect(answer.status).toBe(404);
    expect(await jsonOf(answer)).toMatchObject({ code: 'not_found', detail: expect.stringContaining('npm run build') });
  }
});

test('pages that are built while the service runs are there at the next request', async () => {
  const late = join(folder, 'late');
  const starting = await startPages(late);
  try {
    expect((await fetch(`${starting.url}/account`)).status).toBe(404);
    await mkdir(late);
    await writeFile(join(late, 'index.html'), INDEX);
    expect((await fetch(`${starting.url}/account`)).status).toBe(200);
  } finally {
    await starting.close();
  }
});
