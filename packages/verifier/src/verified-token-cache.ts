import type { VerifiedToken } from './verify.js';

const DEFAULT_MAX_ENTRIES = 20_000;

/**
 * Verified tokens by the whole token, never by a digest of it or a part: caches keyed by less have handed one token's
 * claims to another (fast-jwt, CVE-2026-35039 and CVE-2026-107719). What it returns must pass `recheck`.
 *
 * Bounded, in two generations: when the young one is half the limit it becomes the old one, and the previous old one is
 * dropped; a hit in the old one brings the token back to the young. That keeps at least the half most recently used,
 * for the price of a Map look-up and no bookkeeping.
 */
export class VerifiedTokenCache<Value = VerifiedToken> {
  private readonly maxYoung: number;
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  /** Throws a RangeError for fewer than two entries. */
  constructor(maxEntries = DEFAULT_MAX_ENTRIES) {
    if (!(maxEntries >= 2)) throw new RangeError('maxEntries must be at least 2');
    this.maxYoung = Math.floor(maxEntries / 2);
  }

  /** Never more than the limit. A token in both generations counts twice. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  get(token: string): Value | undefined {
    const value = this.young.get(token);
    if (value !== undefined) return value;
    const older = this.old.get(token);
    if (older !== undefined) this.set(token, older);
    return older;
  }

  set(token: string, value: Value): void {
    if (this.young.size >= this.maxYoung && !this.young.has(token)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(token, value);
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }
}
