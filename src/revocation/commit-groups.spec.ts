import { jest } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { CommitGroups, SharedFailure, type GroupWork } from './commit-groups.js';

type Fate = 'done' | 'alone' | 'refused';

/** An item, and what happens to it in a group and alone. `group`: what happens to the group it is in. */
interface Item {
  key: string;
  fate: Fate;
  group: 'commits' | 'fails' | 'unknown';
}

const work = (done: Item[], groups: Item[][] = []): GroupWork<Item, Item> => ({
  keyOf: ({ key }) => key,
  together: async (items) => {
    groups.push(items);
    await turn();
    if (items.some(({ group }) => group === 'unknown')) throw new SharedFailure(new Error('unknown'));
    if (items.some(({ group }) => group === 'fails')) throw new Error('of one of them');
    return items.map((item) => {
      if (item.fate !== 'done') return null;
      done.push(item);
      return { result: item };
    });
  },
  alone: async (item) => {
    await turn();
    if (item.fate === 'refused') throw new Error('refused');
    done.push(item);
    return item;
  },
});

const item = fc.record<Item>({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  fate: fc.constantFrom<Fate[]>('done', 'done', 'done', 'alone', 'refused'),
  group: fc.constantFrom<Item['group'][]>('commits', 'commits', 'commits', 'commits', 'fails', 'unknown'),
});

test('whatever fails, everyone is answered once: with success if and only if it was done, and nothing is done twice', async () => {
  const property = fc.asyncProperty(fc.array(fc.tuple(item, fc.nat(3)), { maxLength: 40 }), async (arrivals) => {
    const done: Item[] = [];
    const groups = new CommitGroups(work(done));
    const answers = await Promise.allSettled(
      arrivals.map(async ([item, turns]) => {
        for (let waited = 0; waited < turns; waited++) await turn();
        return groups.submit(item);
      }),
    );
    const succeeded = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(new Set(succeeded)).toEqual(new Set(done));
    expect(done).toHaveLength(new Set(done).size);
    expect(succeeded).toHaveLength(done.length);
  });
  await fc.assert(property);
});

test('no group has two items of one key, and whoever comes alone is done at once', async () => {
  const groups: Item[][] = [];
  const commit = new CommitGroups(work([], groups));
  const items = ['a', 'b', 'a', 'b', 'c'].map((key): Item => ({ key, fate: 'done', group: 'commits' }));
  const pending = items.map((each) => commit.submit(each));
  expect(groups).toEqual([items.slice(0, 1)]);
  await Promise.all(pending);
  for (const group of groups) expect(new Set(group.map(({ key }) => key)).size).toBe(group.length);
  void commit.submit(items[4]!);
  expect(groups.at(-1)).toEqual([items[4]]);
});

test('one that fails takes no other with it; a failure of all is told to all', async () => {
  const good = (key: string): Item => ({ key, fate: 'done', group: 'commits' });
  const settle = async (bad: Item) => {
    const commit = new CommitGroups(work([]));
    const answers = await Promise.allSettled(
      [good('first'), good('a'), bad, good('b')].map((each) => commit.submit(each)),
    );
    return answers.map(({ status }) => status === 'fulfilled');
  };
  expect(await settle({ key: 'bad', fate: 'refused', group: 'fails' })).toEqual([true, true, false, true]);
  expect(await settle({ key: 'bad', fate: 'done', group: 'unknown' })).toEqual([true, false, false, false]);
});

describe('behind a group that does not end', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('nobody waits for more than five seconds', async () => {
    const commit = new CommitGroups<string, string>({
      keyOf: (key) => key,
      together: () => new Promise(() => undefined),
      alone: async (key) => key,
    });
    void commit.submit('stuck');
    const early = commit.submit('early').catch((error: { code: string }) => error.code);
    await jest.advanceTimersByTimeAsync(3_000);
    const late = commit.submit('late').catch((error: { code: string }) => error.code);
    await jest.advanceTimersByTimeAsync(2_001);
    expect(await Promise.race([early, 'waits'])).toBe('unavailable');
    expect(await Promise.race([late, 'waits'])).toBe('waits');
    await jest.advanceTimersByTimeAsync(3_000);
    expect(await Promise.race([late, 'waits'])).toBe('unavailable');
  });
});
