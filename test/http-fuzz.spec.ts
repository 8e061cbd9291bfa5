import fc from 'fast-check';

import { rawRequest, sendRaw, startFixture, statusOf } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startFixture();
});
afterAll(() => running.close());

/** Longer than any of these may take on a busy machine; a hang fails the test. */
const deadline = 5_000;

async function post(body: string | Uint8Array, type = 'application/json'): Promise<number> {
  const response = await fetch(`${running.url}/v1/fixture/sign-up`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
    signal: AbortSignal.timeout(deadline),
  });
  await response.arrayBuffer();
  return response.status;
}

const nasty = fc.constantFrom(
  '\0',
  '__proto__',
  'constructor',
  '\ud800',
  '\u{1f600}',
  "' OR 1=1 --",
  '%00',
  '../',
  '\r\nX: y',
);
const text = fc.oneof(fc.string({ unit: 'binary' }), nasty);
const json = fc.oneof(fc.jsonValue({ maxDepth: 40 }), fc.dictionary(text, fc.jsonValue()), fc.array(text));

describe('Never a 5xx, never a hang', () => {
  test('random JSON, of any shape and depth', async () => {
    await fc.assert(
      fc.asyncProperty(json, async (value) => expect(await post(JSON.stringify(value))).toBeLessThan(500)),
      { numRuns: 300 },
    );
  });

  test('the fields of the schema with values of any type', async () => {
    const anything = fc.oneof(text, fc.jsonValue());
    const record = fc.record(
      { email: anything, password: anything, age: anything, tags: anything },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(record, async (value) => expect([200, 400]).toContain(await post(JSON.stringify(value)))),
      { numRuns: 300 },
    );
  });

  test('random bytes, of any type', async () => {
    const type = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'a/b',
      ';',
      'application/json;;',
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), type, async (bytes, contentType) =>
        expect(await post(bytes, contentType)).toBeLessThan(500),
      ),
      { numRuns: 300 },
    );
  });

  test('random paths and queries', async () => {
    const target = fc.stringMatching(/^[!-~]{0,60}$/);
    const prefix = fc.constantFrom('/', '/v1/fixture/items/', '/v1/fixture/list?', '/v1/fixture/list?limit=', '');
    await fc.assert(
      fc.asyncProperty(prefix, target, async (start, rest) => {
        const answer = await rawRequest(running.port, `GET ${start}${rest}`);
        expect(statusOf(answer)).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  test('random bytes instead of HTTP', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary-ascii', minLength: 1 }), async (garbage) => {
        const answer = await sendRaw(
          running.port,
          `${garbage}\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
        if (answer !== '') expect(statusOf(answer)).toBeLessThan(500);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['a megabyte of text', JSON.stringify({ email: 'x'.repeat(1 << 20) }), 413],
    ['a megabyte of brackets', '['.repeat(1 << 20), 413],
    ['16 KiB of brackets', '['.repeat(16_384), 400],
    ['16 KiB of names', `{${Array.from({ length: 1_500 }, (_, i) => `"k${i}":1`).join(',')}}`, 400],
    ['a number beyond any', '{"age": 1e999}', 400],
    ['a number of ten thousand digits', `{"age": ${'9'.repeat(10_000)}}`, 400],
  ])('%s', async (_what, body, status) => {
    expect(await post(body)).toBe(status);
  });

  test('and the service still answers', async () => {
    expect((await fetch(`${running.url}/v1/fixture/plain`)).status).toBe(200);
  });
});
