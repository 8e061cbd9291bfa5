import { applicationOfNumber, numberOfApplication } from './application-numbers.js';
import { mergeStates, objectionTo, type IsWanted, type Objection, type RevocationState } from './revocation-entry.js';
import { formatUuid, hashWords, type UuidKey } from './uuid.js';

/** Three doubles, four words, the number of an application, one byte of flags. */
const BYTES_PER_SLOT = 43;
/** Past three quarters, the runs that a miss has to walk through grow quickly; a new table starts at six tenths. */
const MAX_LOAD = 0.75;
const START_LOAD = 0.6;
const MIN_CAPACITY = 16;

/**
 * The byte of flags: whether the slot is taken, whether its subject is suspended, and six more bits of the hash. A
 * look-up that finds nothing (nearly all do) so reads a few neighbouring bytes and hardly ever the words.
 */
const PRESENT = 0x80;
const SUSPENDED = 0x40;
const TAG = 0x3f;

/**
 * A hash table from UUID to revocation state: open addressing with linear probing over typed arrays, so that an entry
 * costs its bytes and no object. The whole 128 bits are compared, so it is exact. Nothing is ever deleted in place (no
 * tombstones): growing and sweeping both copy what is to be kept into a new table, which is cheap because a table is
 * one small shard of many.
 */
export class UuidShard {
  size = 0;
  private readonly seqs: Float64Array;
  private readonly minVersions: Float64Array;
  private readonly expiries: Float64Array;
  private readonly words: Int32Array;
  private readonly applications: Uint16Array;
  private readonly flags: Uint8Array;

  private constructor(private readonly capacity: number) {
    const buffer = new ArrayBuffer(capacity * BYTES_PER_SLOT);
    this.seqs = new Float64Array(buffer, 0, capacity);
    this.minVersions = new Float64Array(buffer, capacity * 8, capacity);
    this.expiries = new Float64Array(buffer, capacity * 16, capacity);
    this.words = new Int32Array(buffer, capacity * 24, capacity * 4);
    this.applications = new Uint16Array(buffer, capacity * 40, capacity);
    this.flags = new Uint8Array(buffer, capacity * 42, capacity);
  }

  /** What every shard starts as. Its one slot counts as full, so `apply` is never called on it. */
  static readonly EMPTY = new UuidShard(1);

  get isFull(): boolean {
    return this.size + 1 > this.capacity * MAX_LOAD;
  }

  get byteLength(): number {
    return this.capacity * BYTES_PER_SLOT;
  }

  has(key: UuidKey): boolean {
    return this.slotOf(key) >= 0;
  }

  objection(key: UuidKey, version: number): Objection | null {
    const slot = this.slotOf(key);
    if (slot < 0) return null;
    return objectionTo(version, this.minVersions[slot]!, (this.flags[slot]! & SUSPENDED) !== 0);
  }

  find(key: UuidKey): RevocationState | null {
    const slot = this.slotOf(key);
    return slot >= 0 ? this.stateAt(slot) : null;
  }

  /** Merges into what is known of the UUID. The shard must not be full. */
  apply(key: UuidKey, state: RevocationState): void {
    const slot = this.slotOf(key);
    if (slot >= 0) {
      this.setState(slot, mergeStates(this.stateAt(slot), state));
    } else {
      for (let i = 0; i < 4; i++) this.words[~slot * 4 + i] = key[i]!;
      this.flags[~slot] = tagOf(key[4]!);
      this.setState(~slot, state);
      this.size++;
    }
  }

  /** The same entries in a larger table. */
  grown(): UuidShard {
    return this.copy(this.size + 1, -Infinity);
  }

  /** This very shard when nothing in it has expired, else a table of the rest. */
  swept(now: number): UuidShard {
    let live = 0;
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.flags[slot] !== 0 && this.expiries[slot]! > now) live++;
    }
    if (live === this.size) return this;
    return live === 0 ? UuidShard.EMPTY : this.copy(live, now);
  }

  /** Every entry with a higher seq that is wanted, in no order. */
  listAfter(seq: number, isWanted: IsWanted = () => true): (RevocationState & { subject: string })[] {
    const entries = [];
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.flags[slot] === 0 || this.seqs[slot]! <= seq) continue;
      if (!isWanted(this.seqs[slot]!, this.expiries[slot]!)) continue;
      entries.push({ subject: formatUuid(this.words, slot * 4), ...this.stateAt(slot) });
    }
    return entries;
  }

  /** The slot of the key; when it is absent, the bitwise complement (negative) of the free slot it would take. */
  private slotOf(key: UuidKey): number {
    const { flags, capacity } = this;
    const tag = tagOf(key[4]!);
    let slot = homeSlot(key[4]!, capacity);
    for (let flag = flags[slot]!; flag !== 0; flag = flags[slot]!) {
      if ((flag & ~SUSPENDED) === tag && this.isAt(slot, key)) return slot;
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
    return ~slot;
  }

  private isAt(slot: number, key: UuidKey): boolean {
    const { words } = this;
    const at = slot * 4;
    return words[at] === key[0] && words[at + 1] === key[1] && words[at + 2] === key[2] && words[at + 3] === key[3];
  }

  /** A table with room for `count` entries, holding those that expire after `now`. */
  private copy(count: number, now: number): UuidShard {
    const copy = new UuidShard(Math.max(MIN_CAPACITY, Math.ceil(count / START_LOAD)));
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.flags[slot] !== 0 && this.expiries[slot]! > now) copy.take(this, slot);
    }
    return copy;
  }

  private take(from: UuidShard, slot: number): void {
    let free = homeSlot(hashWords(from.words, slot * 4), this.capacity);
    while (this.flags[free] !== 0) free = free + 1 === this.capacity ? 0 : free + 1;
    for (let i = 0; i < 4; i++) this.words[free * 4 + i] = from.words[slot * 4 + i]!;
    this.seqs[free] = from.seqs[slot]!;
    this.minVersions[free] = from.minVersions[slot]!;
    this.expiries[free] = from.expiries[slot]!;
    this.applications[free] = from.applications[slot]!;
    this.flags[free] = from.flags[slot]!;
    this.size++;
  }

  private stateAt(slot: number): RevocationState {
    const applicationId = applicationOfNumber(this.applications[slot]!);
    return {
      seq: this.seqs[slot]!,
      minVersion: this.minVersions[slot]!,
      suspended: (this.flags[slot]! & SUSPENDED) !== 0,
      expiresAt: this.expiries[slot]!,
      ...(applicationId !== undefined && { applicationId }),
    };
  }

  private setState(slot: number, state: RevocationState): void {
    this.seqs[slot] = state.seq;
    this.minVersions[slot] = state.minVersion;
    this.expiries[slot] = state.expiresAt;
    this.applications[slot] = numberOfApplication(state.applicationId);
    this.flags[slot] = state.suspended ? this.flags[slot]! | SUSPENDED : this.flags[slot]! & ~SUSPENDED;
  }
}

/** Scales the low 24 bits of the hash onto the slots (the high 8 chose the shard), so any capacity will do. */
function homeSlot(hash: number, capacity: number): number {
  return Math.floor(((hash & 0xffffff) * capacity) / 0x1000000);
}

/** The lowest bits: within a run of neighbours the higher ones, which chose the slot, are alike. */
function tagOf(hash: number): number {
  return PRESENT | (hash & TAG);
}
