import fc from 'fast-check';

import { RefusedOrigins } from './refused-origins.js';

const OWN = 'http://localhost:3000';
const HOUR = 3_600_000;

/** What is written of pages of these origins that ask, each at its time in milliseconds. */
function linesFor(origins: [string, number?][], host = 'localhost:3000'): string[] {
  const lines: string[] = [];
  const log = { warn: (...parts: unknown[]) => lines.push(String(parts.at(-1))) };
  const refused = new RefusedOrigins(OWN, (origin) => (origin === 'http://old.test' ? ['shop'] : []));
  for (const [origin, now = 0] of origins) refused.tell({ log: log as never, headers: { origin, host } }, origin, now);
  return lines;
}

test('an origin that is not listed is told with the settings that list it', () => {
  expect(linesFor([['http://localhost:5173']])).toEqual([
    'Pages at http://localhost:5173 were refused: this origin is not listed. If they are yours, add http://localhost:5173 to CORS_ORIGINS, or to the origins of the application they sign in to.',
  ]);
});

test('a page of the service at another address is told with the address that the service has', () => {
  const [line] = linesFor([['http://127.0.0.1:3000']], '127.0.0.1:3000');
  expect(line).toContain('PUBLIC_URL says that this service is at http://localhost:3000.');
});

test('an origin that only a disabled application lists is told with that application', () => {
  expect(linesFor([['http://old.test']])).toEqual([
    'Pages at http://old.test were refused: the application "shop", which lists this origin, is disabled.',
  ]);
});

test('a page without an origin is told to have an address', () => {
  expect(linesFor([['null']])).toEqual([expect.stringContaining('opened as a file')]);
});

test('each origin is told once in an hour', () => {
  const asked: [string, number][] = [0, 1, HOUR - 1, HOUR, HOUR + 1].map((now) => ['http://localhost:5173', now]);
  expect(linesFor(asked)).toHaveLength(2);
});

test('however many origins are invented, an hour has 21 lines, and the last says so', () => {
  const invented = Array.from({ length: 1000 }, (_, n): [string, number] => [`http://site-${n}.test`, n]);
  const lines = linesFor(invented);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toContain('More of them are not logged');
  expect(linesFor([...invented, ['http://localhost:5173', HOUR]])).toHaveLength(22);
});

test('nothing gets into the log but what a browser writes as an origin', () => {
  const any = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true }));
  fc.assert(
    fc.property(any, (origin) => {
      for (const line of linesFor([[origin], [`http://${origin}`], [`http://x.test${origin}`]]))
        expect(line).toMatch(/^[\x20-\x7e]{1,700}$/);
    }),
  );
  expect(linesFor([[`http://${'a'.repeat(300)}`], ['http://a.test/<b>'], ['http://a.test\u009b31m'], ['']])).toEqual(
    [],
  );
});
