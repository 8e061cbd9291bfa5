import fc from 'fast-check';

import { AppError } from '../errors/app-error.js';
import { assertSameSite } from './same-site.js';

const allowed = ['https://app.example.test', 'https://id.example.test'];
const refused = (headers: Record<string, string>) => () =>
  assertSameSite({ headers }, allowed, 'https://id.example.test');

test.each(allowed)('a page of %s may act', (origin) => {
  expect(refused({ origin, 'sec-fetch-site': 'cross-site' })).not.toThrow();
});

test.each([
  ['null', 'null'],
  ['another site', 'https://evil.test'],
  ['a sibling subdomain', 'https://evil.example.test'],
  ['another port', 'https://app.example.test:8443'],
  ['another scheme', 'http://app.example.test'],
  ['another spelling', 'https://APP.example.test'],
  ['an origin with a path', 'https://app.example.test/'],
  ['an origin that begins like ours', 'https://app.example.test.evil.test'],
  ['two origins', 'https://app.example.test, https://evil.test'],
  ['nothing', ''],
])('%s as the Origin is refused, whatever Sec-Fetch-Site says', (_what, origin) => {
  expect(refused({ origin, 'sec-fetch-site': 'same-origin' })).toThrow(
    expect.objectContaining({ code: 'cross_site_refused' }),
  );
});

test('without an Origin, Sec-Fetch-Site must be same-origin', () => {
  expect(refused({ 'sec-fetch-site': 'same-origin' })).not.toThrow();
  for (const site of ['same-site', 'cross-site', 'none', 'Same-Origin', ''])
    expect(refused({ 'sec-fetch-site': site })).toThrow();
  expect(refused({})).toThrow();
});

test('null is refused even where a list has it', () => {
  expect(() => assertSameSite({ headers: { origin: 'null' } }, ['null'], 'https://id.example.test')).toThrow();
});

const answerTo = (headers: Record<string, string>): unknown => {
  try {
    return refused(headers)();
  } catch (error) {
    return (error as AppError).options.extensions;
  }
};

test.each([
  ['by its host', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' }],
  ['by its host, behind TLS', { origin: 'https://id.example.org', host: 'id.example.org' }],
  ['by what its browser says', { origin: 'https://id.example.org', host: 'upstream', 'sec-fetch-site': 'same-origin' }],
])('a page of the service at another address, known %s, is refused and told the right one', (_how, headers) => {
  expect(answerTo(headers)).toEqual({ serviceUrl: 'https://id.example.test' });
});

test.each([
  ['another site', { origin: 'https://evil.test', host: 'id.example.test', 'sec-fetch-site': 'cross-site' }],
  ['a sandboxed frame', { origin: 'null', host: 'id.example.test', 'sec-fetch-site': 'same-origin' }],
  ['nowhere', { host: 'id.example.test' }],
])('a page of %s is told nothing of the kind', (_where, headers) => {
  expect(refused(headers as never)).toThrow(AppError);
  expect(answerTo(headers as never)).toBeUndefined();
});

test('no origin but the listed ones passes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.string(),
        fc.constantFrom(...allowed).map((origin) => `${origin}.`),
      ),
      (origin) => {
        fc.pre(!allowed.includes(origin));
        expect(refused({ origin })).toThrow();
      },
    ),
  );
});
