import fc from 'fast-check';
import { sourceNetwork } from './source-network.js';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['1:2:3:4:5:6:203.0.113.7', '1:2:3:4::/64'],
  [null, 'unknown'],
])('%s counts as %s', (ip, network) => {
  expect(sourceNetwork(ip)).toBe(network);
});

test('every spelling of every address of a network is the same source, and that of another network another', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }), fc.ipV6(), (network, other) => {
      const prefix = network.map((group) => group.toString(16)).join(':');
      const expected = `${prefix}::/64`;
      expect(sourceNetwork(`${prefix}:1:2:3:4`)).toBe(expected);
      expect(sourceNetwork(`${prefix.toUpperCase()}:ffff:0:0:9`)).toBe(expected);
      const long = network.map((group) => group.toString(16).padStart(4, '0')).join(':');
      expect(sourceNetwork(`${long}::1`)).toBe(expected);
      // Whatever its spelling, the URL parser (WHATWG) knows it.
      const [a, b, c, d] = canonicalGroups(other);
      expect(sourceNetwork(other)).toBe(`${a}:${b}:${c}:${d}::/64`);
    }),
  );
});

function canonicalGroups(ip: string): string[] {
  const text = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}
