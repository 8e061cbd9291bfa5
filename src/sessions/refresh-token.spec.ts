import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { formatRefreshToken, hashSecret, newSecret, parseRefreshToken, type RefreshToken } from './refresh-token.js';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const keyOf = (id: string) => ({ id, key: randomBytes(32) });
const keys = [keyOf('2025a'), keyOf('2024_b')];
const binding = { applicationId: 'account', delivery: 'body' } as const;

const anyToken = fc.record<RefreshToken>({
  sessionId: fc.uuid({ version: 4 }),
  generation: fc.integer({ min: 1, max: 999_999_999_999_999 }),
  secret: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
});

const sample: RefreshToken = {
  sessionId: 'c5b2f3f0-6a52-4c9e-8d0f-0a1b2c3d4e5f',
  generation: 7,
  secret: newSecret(),
};
const text = formatRefreshToken(sample, binding, keys);

/** The token with its parts changed and, as only the server could, a mac over the result. */
function signed(change: Partial<Record<'sessionId' | 'generation' | 'secret', string>>): string {
  return formatRefreshToken({ ...sample, ...change } as never, binding, keys);
}

test('what is formatted is parsed, whichever of the keys made it', () => {
  fc.assert(
    fc.property(anyToken, fc.constantFrom(...keys), (token, key) => {
      expect(parseRefreshToken(formatRefreshToken(token, binding, [key]), binding, keys)).toEqual(token);
    }),
  );
});

test('the same token is written the same way every time, under the first key', () => {
  expect(formatRefreshToken(sample, binding, keys)).toBe(text);
  expect(text).toMatch(/^prt_2025a\.c5b2f3f0-6a52-4c9e-8d0f-0a1b2c3d4e5f\.7\.[\w-]{22}\.[\w-]{43}$/);
});

test('without a key nothing can be formatted, and nothing is parsed', () => {
  expect(() => formatRefreshToken(sample, binding, [])).toThrow('REFRESH_TOKEN_KEYS');
  expect(parseRefreshToken(text, binding, [])).toBeNull();
});

test('every truncation of a token is refused', () => {
  for (let length = 0; length < text.length; length++) {
    expect(parseRefreshToken(text.slice(0, length), binding, keys)).toBeNull();
    expect(parseRefreshToken(text.slice(text.length - length), binding, keys)).toBeNull();
  }
});

test('every extension of a token is refused, white space and padding included', () => {
  for (const added of ['=', '==', ' ', '\n', '\r\n', '\0', '.', 'A', '.A', 'é']) {
    expect(parseRefreshToken(text + added, binding, keys)).toBeNull();
    expect(parseRefreshToken(added + text, binding, keys)).toBeNull();
  }
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(text.length), (added, place) => {
      expect(parseRefreshToken(text.slice(0, place) + added + text.slice(place), binding, keys)).toBeNull();
    }),
  );
});

test('every flipped bit is refused', () => {
  for (let place = 0; place < text.length; place++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = String.fromCharCode(text.charCodeAt(place) ^ (1 << bit));
      expect(parseRefreshToken(text.slice(0, place) + flipped + text.slice(place + 1), binding, keys)).toBeNull();
    }
  }
});

test('random text is refused and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((rest) => `prt_2025a.${rest}`),
      ),
      (random) => {
        expect(parseRefreshToken(random, binding, keys)).toBeNull();
      },
    ),
  );
});

test('another key of the same id, or an unknown id, makes no token of ours', () => {
  expect(parseRefreshToken(text, binding, [keyOf('2025a'), ...keys.slice(1)])).toBeNull();
  expect(parseRefreshToken(text, binding, keys.slice(1))).toBeNull();
  for (const id of ['__proto__', 'constructor', 'toString']) {
    expect(parseRefreshToken(formatRefreshToken(sample, binding, [keyOf(id)]), binding, keys)).toBeNull();
  }
});

test('a token is good for its application and its delivery only', () => {
  expect(parseRefreshToken(text, { ...binding, delivery: 'cookie' }, keys)).toBeNull();
  expect(parseRefreshToken(text, { ...binding, applicationId: 'notes' }, keys)).toBeNull();
  // What separates the parts under the mac cannot be smuggled in.
  expect(parseRefreshToken(text, { ...binding, applicationId: 'account\nbody' }, keys)).toBeNull();
});

test('a part moved from one token to another is refused', () => {
  fc.assert(
    fc.property(anyToken, fc.integer({ min: 1, max: 4 }), (other, part) => {
      const parts = text.split('.');
      const donor = formatRefreshToken(other, binding, keys).split('.');
      if (donor[part] === parts[part]) return;
      expect(parseRefreshToken(parts.with(part, donor[part]!).join('.'), binding, keys)).toBeNull();
    }),
  );
});

test('each part has one spelling, even under a good mac', () => {
  const { sessionId } = sample;
  for (const generation of ['0', '-1', '+7', '07', '007', '7.0', '7e0', ' 7', '7 ', '٧', '1'.repeat(16)]) {
    expect(parseRefreshToken(signed({ generation }), binding, keys)).toBeNull();
  }
  for (const id of [
    sessionId.toUpperCase(),
    sessionId.replaceAll('-', ''),
    `{${sessionId}}`,
    `urn:uuid:${sessionId}`,
  ]) {
    expect(parseRefreshToken(signed({ sessionId: id }), binding, keys)).toBeNull();
  }
  expect(parseRefreshToken(signed({ generation: '7' }), binding, keys)).toEqual(sample);
});

test('base64url that decodes to the same bytes is not the same token', () => {
  const [head, secret, mac] = [text.split('.').slice(0, 3).join('.'), ...text.split('.').slice(3)] as const;
  for (const last of BASE64URL) {
    const otherSecret = secret!.slice(0, -1) + last;
    if (otherSecret !== secret && sameBytes(otherSecret, secret!)) {
      expect(parseRefreshToken(signed({ secret: otherSecret }), binding, keys)).toBeNull();
    }
    const otherMac = mac!.slice(0, -1) + last;
    if (otherMac !== mac) expect(parseRefreshToken(`${head}.${secret}.${otherMac}`, binding, keys)).toBeNull();
  }
  const standard = (part: string) => part.replaceAll('-', '+').replaceAll('_', '/');
  const spelt = [
    `${head}.${secret}=.${mac}`,
    `${head}.${secret}==.${mac}`,
    `${head}.${standard('--')}${secret}.${mac}`,
  ];
  for (const other of spelt) expect(parseRefreshToken(other, binding, keys)).toBeNull();
});

test('secrets are 128 random bits, stored as a hash that shows nothing of them', () => {
  const secrets = Array.from({ length: 200 }, newSecret);
  expect(new Set(secrets).size).toBe(200);
  expect(Buffer.from(secrets[0]!, 'base64url')).toHaveLength(16);
  expect(hashSecret(secrets[0]!)).toHaveLength(32);
  expect(hashSecret(secrets[0]!)).toEqual(hashSecret(secrets[0]!));
  expect(hashSecret(secrets[0]!)).not.toEqual(hashSecret(secrets[1]!));
});

function sameBytes(one: string, other: string): boolean {
  return Buffer.from(one, 'base64url').equals(Buffer.from(other, 'base64url'));
}
