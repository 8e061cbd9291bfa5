import { isIPv6 } from 'node:net';

/**
 * What counts as one source: an IPv4 address; of an IPv6 one its first 64 bits, as every subscriber has at least those
 * (RFC 6177) and could use a new address for each attempt. Requests without an address are one source together.
 */
export function sourceNetwork(ip: string | null): string {
  if (ip === null || !isIPv6(ip)) return ip ?? 'unknown';
  const groups = withoutGap(ip);
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** The groups of an IPv6 address with those that `::` stands for (RFC 4291 §2.2); an IPv4 tail counts for two. */
function withoutGap(ip: string): string[] {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  const length = before.length + after.length + (tail.includes('.') ? 1 : 0);
  return [...before, ...Array<string>(8 - length).fill('0'), ...after];
}
