import { mergeStates, objectionTo, type IsWanted, type Objection, type RevocationState } from './revocation-entry.js';
import { UuidShard } from './uuid-shard.js';
import { createUuidKey, readUuid } from './uuid.js';

/** With 256 shards, growing or sweeping one of them at a million entries takes a fraction of a millisecond. */
const SHARDS = 256;
/** What V8 spends on a Map entry, its string and its state: an estimate, and there are few of these. */
const BYTES_PER_NAMED = 200;

/** The UUID being looked up. Shared, because a look-up neither allocates nor waits. */
const key = createUuidKey();

/**
 * The deny-list of one kind of subject. UUIDs, which are nearly all of them, live in shards of typed arrays; any other
 * name (an application's id, a kid) in a Map. `has` and `objection` do not allocate.
 */
export class DeniedSubjects {
  private readonly shards = Array.from({ length: SHARDS }, () => UuidShard.EMPTY);
  private readonly named = new Map<string, RevocationState>();
  /** Most kinds have no entry most of the time; then no subject need be read. */
  private isEmpty = true;

  get size(): number {
    return this.shards.reduce((sum, shard) => sum + shard.size, this.named.size);
  }

  get memoryBytes(): number {
    return this.shards.reduce((sum, shard) => sum + shard.byteLength, this.named.size * BYTES_PER_NAMED);
  }

  has(subject: string): boolean {
    if (this.isEmpty) return false;
    return readUuid(subject, key) ? this.shards[shardOfKey()]!.has(key) : this.named.has(subject);
  }

  /** What stands against a token of this subject and version. Versions are compared, never times. */
  objection(subject: string, version: number): Objection | null {
    if (this.isEmpty) return null;
    if (readUuid(subject, key)) return this.shards[shardOfKey()]!.objection(key, version);
    const state = this.named.get(subject);
    return state === undefined ? null : objectionTo(version, state.minVersion, state.suspended);
  }

  find(subject: string): RevocationState | null {
    return readUuid(subject, key) ? this.shards[shardOfKey()]!.find(key) : (this.named.get(subject) ?? null);
  }

  apply(subject: string, state: RevocationState): void {
    this.isEmpty = false;
    if (!readUuid(subject, key)) {
      this.named.set(subject, mergeStates(this.named.get(subject) ?? state, state));
      return;
    }
    const i = shardOfKey();
    if (this.shards[i]!.isFull) this.shards[i] = this.shards[i]!.grown();
    this.shards[i]!.apply(key, state);
  }

  /** The entries with a higher seq, a shard (some of which have none) at a time: the index may change between two. */
  *slicesAfter(seq: number, isWanted: IsWanted = () => true): Generator<(RevocationState & { subject: string })[]> {
    yield [...this.named]
      .filter(([, state]) => state.seq > seq && isWanted(state.seq, state.expiresAt))
      .map(([subject, state]) => ({ subject, ...state }));
    for (let i = 0; i < SHARDS; i++) if (this.shards[i]!.size > 0) yield this.shards[i]!.listAfter(seq, isWanted);
  }

  /** Removes what has expired by `now`, a slice each time the caller asks for the next one. */
  *sweep(now: number): Generator<void> {
    for (const [subject, state] of this.named) if (state.expiresAt <= now) this.named.delete(subject);
    for (let i = 0; i < SHARDS; i++) {
      if (this.shards[i]!.size === 0) continue;
      this.shards[i] = this.shards[i]!.swept(now);
      yield;
    }
    this.isEmpty = this.size === 0;
  }
}

/** The high 8 bits of the hash: the slots within a shard go by the others. */
function shardOfKey(): number {
  return key[4]! >>> 24;
}
