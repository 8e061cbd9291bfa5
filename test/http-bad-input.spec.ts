import { jsonOf, rawRequest, sendRaw, startFixture, statusOf } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startFixture();
});
afterAll(() => running.close());

describe('What a request gets before any handler', () => {
  const json = { 'content-type': 'application/json' };
  const post = (body: string | undefined, headers: Record<string, string> = json) =>
    fetch(`${running.url}/v1/fixture/sign-up`, { method: 'POST', headers, body });

  test.each([
    ['malformed JSON', '{"email": "a@b.c", password'],
    ['nothing', ''],
    ['a bare string', '"text"'],
    ['null', 'null'],
    ['__proto__', '{"__proto__": {"admin": true}}'],
    ['constructor.prototype', '{"constructor": {"prototype": {"admin": true}}}'],
    ['NUL in a value', '{"email": "a\\u0000@example.test"}'],
    ['NUL in a name', '{"a\\u0000b": 1}'],
    ['a lone surrogate', '{"email": "\\ud800"}'],
    ['depth', '['.repeat(5_000) + ']'.repeat(5_000)],
  ])('%s as the body: 400 validation_failed', async (_what, body) => {
    const response = await post(body);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: expect.any(String) }],
    });
  });

  test('bytes that are not UTF-8: 400', async () => {
    const body = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const response = await fetch(`${running.url}/v1/fixture/sign-up`, { method: 'POST', headers: json, body });

    expect(response.status).toBe(400);
  });

  test('each field is told what is expected, unknown fields by name, and no value is repeated', async () => {
    const response = await post(JSON.stringify({ email: 'hunter2', password: 'hunter2', 'x/y~z': 1, age: 'old' }));
    const text = await response.text();

    expect(JSON.parse(text).errors).toEqual([
      { pointer: '/email', detail: 'Expected an e-mail address.' },
      { pointer: '/password', detail: 'At least 8 characters.' },
      { pointer: '/age', detail: 'Expected a number.' },
      { pointer: '/x~1y~0z', detail: 'Unknown field; leave it out.' },
    ]);
    expect(text).not.toContain('hunter2');
  });

  test('a thousand faults are told as twenty', async () => {
    const response = await post(
      JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i]))),
    );

    expect((await jsonOf(response)).errors).toHaveLength(20);
  });

  test.each([
    ['text/plain', '{"email":"a@example.test"}'],
    ['application/x-www-form-urlencoded', 'email=a%40example.test'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/problem+json', '{}'],
    ['', '{}'],
  ])('a body of type "%s": 415', async (type, body) => {
    const response = await post(body, { 'content-type': type });

    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' });
  });

  test('a body over 16 KiB: 413, whether its length is told or not', async () => {
    const body = JSON.stringify({ password: 'x'.repeat(16 * 1024) });
    const chunked = `POST /v1/fixture/sign-up HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

    expect((await post(body)).status).toBe(413);
    expect(statusOf(await sendRaw(running.port, chunked))).toBe(413);
  });

  test('a route without a body takes a request without a body, with or without a content type', async () => {
    const bare = await fetch(`${running.url}/v1/fixture/bodiless`, { method: 'POST' });
    const typed = await fetch(`${running.url}/v1/fixture/bodiless`, { method: 'POST', headers: json });

    expect([bare.status, typed.status]).toEqual([204, 204]);
  });

  test('a query parameter that does not fit: 400, marked as of the query; unknown ones too', async () => {
    const response = await fetch(`${running.url}/v1/fixture/list?limit=many&page=2`);

    expect(response.status).toBe(400);
    expect((await jsonOf(response)).errors).toEqual([
      { pointer: '/limit', detail: 'Expected a number.', in: 'query' },
      { pointer: '/page', detail: 'Unknown field; leave it out.', in: 'query' },
    ]);
  });

  test.each(['/v1/fixture/list?name=%00', '/v1/fixture/list?__proto__=1', '/v1/fixture/list?name=a&name=b'])(
    '%s: 400',
    async (path) => {
      expect(statusOf(await rawRequest(running.port, `GET ${path}`))).toBe(400);
    },
  );

  test('an identifier that cannot exist names nothing: 404', async () => {
    const response = await fetch(`${running.url}/v1/fixture/items/not-a-uuid`);

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });

  test('a path that exists for other methods: 405 with Allow', async () => {
    const response = await fetch(`${running.url}/v1/fixture/items/abc?x=1`, { method: 'PUT' });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
  });

  test('a path that does not exist: 404 for every method', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS', 'PROPFIND']) {
      expect((await fetch(`${running.url}/v1/nothing`, { method })).status).toBe(404);
    }
  });

  test.each([
    ['bytes that are not HTTP', 'GARBAGE\r\n\r\n', 400],
    ['a bad percent-encoding', 'GET /v1/fixture/items/%E0%A4%A HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'a parameter that is too long',
      `GET /v1/fixture/items/${'a'.repeat(200)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      414,
    ],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s: a problem document too, with every security header', async (_what, bytes, status) => {
    const answer = await sendRaw(running.port, bytes);

    expect(statusOf(answer)).toBe(status);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(answer).toMatch(/content-security-policy: default-src 'none'/i);
    expect(answer).toMatch(/"requestId":"[0-9a-f-]{36}"/);
  });
});
