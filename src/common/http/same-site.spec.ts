import fc from 'fast-check';

import { assertSameSite } from './same-site.js';

const allowed = ['https://app.example.test', 'https://id.example.test'];
const refused = (headers: Record<string, string>) => () => assertSameSite({ headers }, allowed);

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
  expect(() => assertSameSite({ headers: { origin: 'null' } }, ['null'])).toThrow();
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
