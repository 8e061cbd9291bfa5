import { rawRequest, sendRaw, startFixture, statusOf } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startFixture();
});
afterAll(() => running.close());

/** Request targets by which routers and guards of other servers were got to disagree (CVE-2025-69211). */
const targets = [
  '/v1/private/secret',
  '//v1/private/secret',
  '/v1//private/secret',
  '/v1/private//secret',
  '/v1/private/secret/',
  '/V1/Private/Secret',
  '/v1/private/%73ecret',
  '/v1/private%2Fsecret',
  '/v1%2fprivate%2fsecret',
  '/v1/private/secret%00',
  '/v1/private/secret%20',
  '/v1/private/secret;x=1',
  '/v1/private/secret?x=1',
  '/v1/private/secret#x',
  '/v1/private/./secret',
  '/v1/fixture/../private/secret',
  '/v1/fixture/%2e%2e/private/secret',
  '/v1/private/secret/..%2f',
  'http://id.example.test/v1/private/secret',
  'HTTP://id.example.test/v1/private/secret',
  'http://id.example.test//v1/private/secret',
  'https://elsewhere.test/v1/private/secret?x=/v1/fixture/plain',
  'http://id.example.test?/v1/private/secret',
  '*v1/private/secret',
  'v1/private/secret',
  '*',
];

describe('No spelling of a path reaches a private handler without its guard', () => {
  const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'get'];
  test.each(targets)('%s', async (target) => {
    for (const method of methods) {
      const answer = await rawRequest(running.port, `${method} ${target}`);

      expect(answer).not.toContain('behind the guard');
      expect([400, 401, 404, 405]).toContain(statusOf(answer));
    }
  });
});

test('HEAD is guarded as GET is, and answers without a body', async () => {
  const guarded = await rawRequest(running.port, 'HEAD /v1/private/secret');
  const open = await rawRequest(running.port, 'HEAD /v1/fixture/plain');

  expect(statusOf(guarded)).toBe(401);
  expect(guarded).toMatch(/www-authenticate: Bearer/i);
  expect(statusOf(open)).toBe(200);
  expect(open.split('\r\n\r\n')[1]).toBe('');
});

test.each(['X-HTTP-Method-Override: GET', 'X-Original-URL: /v1/fixture/plain', 'X-Rewrite-URL: /v1/fixture/plain'])(
  'the header %s changes nothing',
  async (header) => {
    expect(statusOf(await rawRequest(running.port, 'GET /v1/private/secret', [header]))).toBe(401);
  },
);

test('a trailing slash, another case and doubled slashes are other paths: 404', async () => {
  for (const path of ['/v1/fixture/plain/', '/v1/Fixture/plain', '//v1/fixture/plain', '/v1/fixture//plain']) {
    expect(statusOf(await rawRequest(running.port, `GET ${path}`))).toBe(404);
  }
});

test('a request that is smuggled in the body of another is not answered', async () => {
  const smuggled = 'GET /v1/private/secret HTTP/1.1\r\nHost: a\r\n\r\n';
  const both = `POST /v1/fixture/bodiless HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`;
  const answer = await sendRaw(running.port, both);

  expect(statusOf(answer)).toBe(400);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});
