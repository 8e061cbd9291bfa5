import fc from 'fast-check';
import { VerifiedTokenCache } from './verified-token-cache.js';

/** What is verified, as far as the cache cares: a token, and what to tell it by. */
interface Verified {
  token: string;
  value: unknown;
}

const make = (limit?: number) => {
  const cache = new VerifiedTokenCache<Verified>(limit);
  return {
    cache,
    set: (token: string, value: unknown) => cache.set({ token, value }),
    get: (token: string) => cache.get(token)?.value,
  };
};

describe('VerifiedTokenCache', () => {
  it('never holds more than its limit, and never answers with the value of another token', () => {
    const step = fc.tuple(fc.constantFrom('get', 'set'), fc.nat(30));
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
        const { cache, get, set } = make(limit);
        for (const [operation, i] of steps) {
          if (operation === 'set') set(`token ${i}`, `value ${i}`);
          else expect([undefined, `value ${i}`]).toContain(get(`token ${i}`));
          expect(cache.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('keeps the half most recently used, be it set or got', () => {
    const { get, set } = make(10);
    for (let i = 0; i < 1000; i++) {
      set(`token ${i}`, i);
      expect(get('token 0')).toBe(0);
      for (let back = 0; back < 4 && back <= i; back++) expect(get(`token ${i - back}`)).toBe(i - back);
    }
  });

  it('drops nothing for tokens that are set again', () => {
    const { get, set } = make(4);
    for (const token of ['a', 'b', 'b', 'c', 'b', 'c', 'b']) set(token, token);
    expect(get('a')).toBe('a');
  });

  it('tells tokens apart that differ in their last character only', () => {
    const { get, set } = make();
    const token = 'x'.repeat(8000);
    set(`${token}a`, 'a');
    expect(get(`${token}b`)).toBeUndefined();
    expect(get(token)).toBeUndefined();
    expect(get(`${token}a`)).toBe('a');
  });

  it('tells tokens apart that bear the same signature, and so fall on one place', () => {
    const { get, set } = make(4);
    set('header.claims.signature', 'ours');
    expect(get('header.others.signature')).toBeUndefined();
    expect(get('signature')).toBeUndefined();
    for (const other of ['b', 'c']) set(other, other);
    expect(get('header.others.signature')).toBeUndefined();
    expect(get('header.claims.signature')).toBe('ours');
  });

  it('gives the latest value of a token, also after it aged', () => {
    const { get, set } = make(4);
    set('a', 1);
    set('b', 2);
    set('c', 3);
    set('a', 4);
    expect(get('a')).toBe(4);
  });

  it('is empty after clear', () => {
    const { cache, get, set } = make(4);
    for (let i = 0; i < 4; i++) set(`${i}`, i);
    cache.clear();
    expect(cache.size).toBe(0);
    expect(get('3')).toBeUndefined();
  });

  it.each([0, 1, -1, NaN])('refuses a limit of %d', (limit) => {
    expect(() => new VerifiedTokenCache(limit)).toThrow(RangeError);
  });
});
