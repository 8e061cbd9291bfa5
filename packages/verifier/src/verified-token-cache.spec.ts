import fc from 'fast-check';
import { VerifiedTokenCache } from './verified-token-cache.js';

describe('VerifiedTokenCache', () => {
  it('never holds more than its limit, and never answers with the value of another token', () => {
    const step = fc.tuple(fc.constantFrom('get', 'set'), fc.nat(30));
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
        const cache = new VerifiedTokenCache<string>(limit);
        for (const [operation, i] of steps) {
          if (operation === 'set') cache.set(`token ${i}`, `value ${i}`);
          else expect([undefined, `value ${i}`]).toContain(cache.get(`token ${i}`));
          expect(cache.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('keeps the half most recently used, be it set or got', () => {
    const cache = new VerifiedTokenCache<number>(10);
    for (let i = 0; i < 1000; i++) {
      cache.set(`token ${i}`, i);
      expect(cache.get('token 0')).toBe(0);
      for (let back = 0; back < 4 && back <= i; back++) expect(cache.get(`token ${i - back}`)).toBe(i - back);
    }
  });

  it('drops nothing for tokens that are set again', () => {
    const cache = new VerifiedTokenCache<string>(4);
    for (const token of ['a', 'b', 'b', 'c', 'b', 'c', 'b']) cache.set(token, token);
    expect(cache.get('a')).toBe('a');
  });

  it('tells tokens apart that differ in their last character only', () => {
    const cache = new VerifiedTokenCache<string>();
    const token = 'x'.repeat(8000);
    cache.set(`${token}a`, 'a');
    expect(cache.get(`${token}b`)).toBeUndefined();
    expect(cache.get(token)).toBeUndefined();
    expect(cache.get(`${token}a`)).toBe('a');
  });

  it('tells tokens apart that bear the same signature, and so fall on one place', () => {
    const cache = new VerifiedTokenCache<string>(4);
    cache.set('header.claims.signature', 'ours');
    expect(cache.get('header.others.signature')).toBeUndefined();
    expect(cache.get('signature')).toBeUndefined();
    for (const other of ['b', 'c']) cache.set(other, other);
    expect(cache.get('header.others.signature')).toBeUndefined();
    expect(cache.get('header.claims.signature')).toBe('ours');
  });

  it('gives the latest value of a token, also after it aged', () => {
    const cache = new VerifiedTokenCache<number>(4);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('c', 3);
    cache.set('a', 4);
    expect(cache.get('a')).toBe(4);
  });

  it('is empty after clear', () => {
    const cache = new VerifiedTokenCache<number>(4);
    for (let i = 0; i < 4; i++) cache.set(`${i}`, i);
    cache.clear();
    expect(cache.size).toBe(0);
    expect(cache.get('3')).toBeUndefined();
  });

  it.each([0, 1, -1, NaN])('refuses a limit of %d', (limit) => {
    expect(() => new VerifiedTokenCache(limit)).toThrow(RangeError);
  });
});
