import { setTimeout as delay } from 'node:timers/promises';

/** One batch: how many rows went, and the time of the last of them, where the next batch goes on. */
export interface PurgedBatch {
  rows: number;
  last: string | null;
}

/** Deletes at most `limit` rows, from the time `from` on; from the first when that is null. */
export type DeleteBatch = (limit: number, from: string | null) => Promise<PurgedBatch>;

/**
 * How long a batch should take, in milliseconds: requests that meet it on a processor wait no longer, and a commit that
 * meets it on the disk, where it waits for all that was written before it, for little more.
 */
const BATCH_MS = 4;

/** Rests for so many times as long as it worked. A database that is slow because it is busy is left alone for longer. */
const REST = 12;

/** In rows. What a batch costs however few they are, the way there and the disk, may be longer than it should take. */
const FEWEST = 100;
const MOST = 5_000;

/** Milliseconds; a rest ends at once when `signal` says stop. */
export interface Watch {
  now(): number;
  rest(milliseconds: number, signal: AbortSignal): Promise<unknown>;
}

const realWatch: Watch = {
  now: () => performance.now(),
  rest: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => undefined),
};

/**
 * Deletes batch after batch until nothing is left or `signal` says stop, however many rows there are, at a pace that
 * hurts nobody. How many rows went. A row that somebody holds is left to the next time.
 */
export async function purgeAtPace(deleteBatch: DeleteBatch, signal: AbortSignal, watch = realWatch): Promise<number> {
  let rows = 0;
  let limit = 500;
  // Not from the beginning each time: what was deleted stays in the index until a vacuum, and would be passed anew.
  let from: string | null = null;
  while (!signal.aborted) {
    const start = watch.now();
    const batch = await deleteBatch(limit, from);
    rows += batch.rows;
    if (batch.rows < limit) break;
    from = batch.last;
    const took = watch.now() - start;
    limit = Math.round(Math.min(MOST, limit * 2, Math.max(FEWEST, (limit * BATCH_MS) / took)));
    await watch.rest(took * REST, signal);
  }
  return rows;
}
