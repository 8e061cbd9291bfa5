import type { VerifiedToken } from './verify.js';

const DEFAULT_MAX_ENTRIES = 20_000;

/** Characters of the signature that find the place: 48 bits, as good as random, of which 32 are kept. */
const PLACE_LENGTH = 8;

/**
 * Verified tokens by the whole token, never by a digest of it or a part: caches keyed by less have handed one token's
 * claims to another (fast-jwt, CVE-2026-35039 and CVE-2026-107719). The end of its signature only finds the place, as
 * hashing all 700 characters takes longer than the rest of the check; whatever differs anywhere is another token, and of
 * two that fall on one place the later stays. What it returns must pass `recheck`.
 *
 * Bounded, in two generations: when the young one is half the limit it becomes the old one, and the previous old one is
 * dropped; a hit in the old one brings the token back to the young. That keeps at least the half most recently used,
 * for the price of a Map look-up and no bookkeeping.
 */
export class VerifiedTokenCache<Verified extends { readonly token: string } = VerifiedToken> {
  private readonly maxYoung: number;
  private young = new Map<number, Verified>();
  private old = new Map<number, Verified>();

  /** Throws a RangeError for fewer than two entries. */
  constructor(maxEntries = DEFAULT_MAX_ENTRIES) {
    if (!(maxEntries >= 2)) throw new RangeError('maxEntries must be at least 2');
    this.maxYoung = Math.floor(maxEntries / 2);
  }

  /** Never more than the limit. A token in both generations counts twice. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  get(token: string): Verified | undefined {
    const place = placeOf(token);
    const entry = this.young.get(place);
    if (entry?.token === token) return entry;
    const older = this.old.get(place);
    if (older?.token !== token) return undefined;
    this.keep(place, older);
    return older;
  }

  set(verified: Verified): void {
    this.keep(placeOf(verified.token), verified);
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }

  private keep(place: number, verified: Verified): void {
    if (this.young.size >= this.maxYoung && !this.young.has(place)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(place, verified);
  }
}

/** A small integer, which a Map finds without calling into the runtime. */
function placeOf(token: string): number {
  let place = 0;
  for (let i = Math.max(0, token.length - PLACE_LENGTH); i < token.length; i++) {
    place = (Math.imul(place, 33) + token.charCodeAt(i)) | 0;
  }
  return place;
}
