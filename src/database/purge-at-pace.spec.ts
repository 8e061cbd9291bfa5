import fc from 'fast-check';
import { purgeAtPace } from './purge-at-pace.js';

/** A table of `rows` in which each row takes some milliseconds to go, a watch of its own, and what was done by it. */
function table(rows: number, msPerRow: (batches: number) => number) {
  let now = 0;
  const batches: { limit: number; took: number; rested: number }[] = [];
  const stop = new AbortController();
  const deleteBatch = async (limit: number, from: string | null) => {
    expect(from).toBe(batches.length === 0 ? null : `after ${batches.length}`);
    const gone = Math.min(limit, rows);
    const took = gone * msPerRow(batches.length);
    batches.push({ limit, took, rested: 0 });
    now += took;
    rows -= gone;
    return { rows: gone, last: `after ${batches.length}` };
  };
  const rest = async (milliseconds: number) => {
    batches.at(-1)!.rested = milliseconds;
    now += milliseconds;
  };
  const run = () => purgeAtPace(deleteBatch, stop.signal, { now: () => now, rest });
  return { batches, stop, run, left: () => rows };
}

test('whatever the number of rows and the speed of the database, all go, and it rests twelve times as long as it works', async () => {
  const property = fc.asyncProperty(fc.nat(10_000), fc.integer({ min: 0, max: 1_000 }), async (rows, pace) => {
    const { batches, run, left } = table(rows, () => pace / 1_000);
    expect(await run()).toBe(rows);
    expect(left()).toBe(0);
    for (const { limit, took, rested } of batches.slice(0, -1)) {
      expect(rested).toBeCloseTo(12 * took);
      expect(limit).toBeLessThanOrEqual(5_000);
    }
  });
  await fc.assert(property);
});

test('a batch takes some four milliseconds, whether the database is fast, slow, or becomes so', async () => {
  const { batches, run } = table(200_000, (done) => (done < 40 ? 0.005 : 0.2));
  await run();
  const limits = batches.map(({ limit }) => limit);
  expect(new Set(limits.slice(5, 40))).toEqual(new Set([800]));
  expect(new Set(limits.slice(41, -1))).toEqual(new Set([100]));
});

test('a stop ends it after the batch under way', async () => {
  const { batches, stop, run, left } = table(100_000, (done) => {
    if (done === 3) stop.abort();
    return 0.01;
  });
  expect((await run()) + left()).toBe(100_000);
  expect(batches).toHaveLength(4);
});

test('a batch that fails ends it', async () => {
  const failing = purgeAtPace(() => Promise.reject(new Error('gone')), new AbortController().signal);
  await expect(failing).rejects.toThrow('gone');
});
