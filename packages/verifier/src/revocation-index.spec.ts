import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { concerns, type RevocationEntry, type RevocationKind } from './revocation-entry.js';
import { RevocationIndex } from './revocation-index.js';

const KINDS: RevocationKind[] = ['token', 'session', 'user', 'application', 'key'];

/** Alike in all but one word, or in all but their spelling; and no UUIDs at all. */
const SUBJECTS = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  ...['10000000', '00000001', '80000000', '7fffffff'].flatMap((word) => [
    `${word}-0000-0000-0000-000000000000`,
    `00000000-${word.slice(0, 4)}-${word.slice(4)}-0000-000000000000`,
    `00000000-0000-0000-${word.slice(0, 4)}-${word.slice(4)}00000000`,
    `00000000-0000-0000-0000-0000${word}`,
  ]),
  ...Array.from({ length: 16 }, (_, i) => `01900000-0000-7000-8000-00000000000${i.toString(16)}`),
  'account',
  '__proto__',
  '',
];

const entryFields = {
  kind: fc.constantFrom(...KINDS),
  // Mostly few subjects, so that their entries meet.
  subject: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...SUBJECTS.slice(0, 3)) },
    fc.constantFrom(...SUBJECTS),
    fc.uuid(),
  ),
  seq: fc.nat(20),
  minVersion: fc.constantFrom(0, 1, 5, 1_800_000_000, Number.MAX_SAFE_INTEGER),
  suspended: fc.boolean(),
  expiresAt: fc.constantFrom(0, 1, 50, 100, 150, Infinity),
};
const anyEntry = fc.oneof(
  fc.record(entryFields),
  fc.record({ ...entryFields, applicationId: fc.constantFrom('account', 'account', 'shop') }),
);

/** The index as one would write it without a thought for memory: all entries, merged when asked. */
class NaiveIndex {
  private entries: RevocationEntry[] = [];

  apply(entry: RevocationEntry): void {
    this.entries.push(entry);
  }

  sweep(now: number): void {
    const live = this.list().filter((entry) => entry.expiresAt > now);
    this.entries = this.entries.filter((one) => live.some((entry) => isOfOneSubject(one, entry)));
  }

  find(kind: RevocationKind, subject: string): RevocationEntry | null {
    const entries = this.entries.filter((entry) => isOfOneSubject(entry, { kind, subject }));
    if (entries.length === 0) return null;
    const seq = Math.max(...entries.map((entry) => entry.seq));
    return {
      kind,
      subject,
      seq,
      minVersion: Math.max(...entries.map((entry) => entry.minVersion)),
      suspended: entries.some((entry) => entry.seq === seq && entry.suspended),
      expiresAt: Math.max(...entries.map((entry) => entry.expiresAt)),
      ...ofOneApplication(entries),
    };
  }

  list(): RevocationEntry[] {
    const first = this.entries.filter((entry, i) => this.entries.findIndex((one) => isOfOneSubject(one, entry)) === i);
    return first.map(({ kind, subject }) => this.find(kind, subject) as RevocationEntry);
  }
}

function ofOneApplication([{ applicationId } = {}, ...rest]: { applicationId?: string }[]) {
  const isOne = applicationId !== undefined && rest.every((entry) => entry.applicationId === applicationId);
  return isOne ? { applicationId } : {};
}

function isOfOneSubject(one: Pick<RevocationEntry, 'kind' | 'subject'>, other: typeof one): boolean {
  return one.kind === other.kind && one.subject === other.subject;
}

function sorted(entries: Iterable<RevocationEntry>): RevocationEntry[] {
  return [...entries].toSorted((a, b) => (a.kind + a.subject < b.kind + b.subject ? -1 : 1));
}

function indexOf(entries: Iterable<RevocationEntry>): RevocationIndex {
  const index = new RevocationIndex();
  for (const entry of entries) index.apply(entry);
  return index;
}

function makeEntry(i: number, changes: Partial<RevocationEntry> = {}): RevocationEntry {
  const subject = `01900000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`;
  return { seq: i + 1, kind: 'session', subject, minVersion: 0, suspended: false, expiresAt: 100, ...changes };
}

const EVERY_SUBJECT = KINDS.flatMap((kind) => SUBJECTS.map((subject) => ({ kind, subject })));
const VERSIONS = [0, 4, 5, 1_800_000_000, Number.MAX_SAFE_INTEGER];

function answers(index: RevocationIndex, kind: RevocationKind, subject: string) {
  const objections = VERSIONS.map((version) => index[kind].objection(subject, version));
  return { found: index.find(kind, subject), has: index[kind].has(subject), objections };
}

function expectedAnswers(found: RevocationEntry | null) {
  const objections = VERSIONS.map((version) => {
    if (!found || (version >= found.minVersion && found.minVersion > 0)) return null;
    if (found.suspended) return 'suspended';
    return version < found.minVersion ? 'outdated' : null;
  });
  return { found, has: found !== null, objections };
}

describe('RevocationIndex', () => {
  it('knows what a naive list of entries knows, after any applies and sweeps', async () => {
    const step = fc.oneof({ weight: 6, arbitrary: anyEntry }, fc.constantFrom(0, 1, 49, 50, 99, 100, 1000));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), fc.nat(21), async (steps, cursor) => {
        const index = new RevocationIndex();
        const naive = new NaiveIndex();
        for (const one of steps) {
          if (typeof one === 'number') {
            naive.sweep(one);
            await index.sweep(one);
          } else {
            naive.apply(one);
            index.apply(one);
          }
        }
        expect(sorted(index.withSeqAfter(-1))).toEqual(sorted(naive.list()));
        expect(sorted(index.withSeqAfter(cursor))).toEqual(sorted(naive.list().filter((one) => one.seq > cursor)));
        const isOdd = (seq: number, expiresAt: number) => (seq + Math.round(Math.min(expiresAt, 1e9))) % 2 === 1;
        expect(sorted([...index.slicesAfter(cursor, isOdd)].flat())).toEqual(
          sorted(naive.list().filter(({ seq, expiresAt }) => seq > cursor && isOdd(seq, expiresAt))),
        );
        expect(index.size).toBe(naive.list().length);
        for (const { kind, subject } of EVERY_SUBJECT) {
          const known = naive.find(kind, subject);
          if (!isDeepStrictEqual(answers(index, kind, subject), expectedAnswers(known))) {
            expect(answers(index, kind, subject)).toEqual(expectedAnswers(known));
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is the same for any order and any repetition of its entries', () => {
    const shuffles = fc
      .array(anyEntry, { maxLength: 30, size: 'max' })
      .chain((entries) =>
        fc.tuple(
          fc.constant(entries),
          fc.shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffles, ([entries, shuffled]) => {
        expect(sorted(indexOf(shuffled).withSeqAfter(-1))).toEqual(sorted(indexOf(entries).withSeqAfter(-1)));
      }),
    );
  });

  it('loses and invents nothing while it grows to tens of thousands, and shrinks when they are swept', async () => {
    const count = 40_000;
    const index = indexOf(
      Array.from({ length: count }, (_, i) => makeEntry(i, { expiresAt: i % 4 === 0 ? 200 : 100 })),
    );
    expect(index.size).toBe(count);
    const full = index.memoryBytes;
    const isHeld = (i: number) => index.session.has(makeEntry(i).subject);
    const places = Array.from({ length: 2 * count }, (_, i) => i);
    expect(places.filter(isHeld)).toEqual(places.slice(0, count));
    await index.sweep(100);
    expect(places.filter(isHeld)).toEqual(places.slice(0, count).filter((i) => i % 4 === 0));
    expect(index.size).toBe(count / 4);
    expect(index.memoryBytes).toBeLessThan(full / 2);
  });

  it('keeps an entry in force until it is swept, and sweeps none before its time', async () => {
    const index = indexOf([makeEntry(0, { expiresAt: 100 }), makeEntry(1, { expiresAt: Infinity })]);
    await index.sweep(99);
    expect(index.size).toBe(2);
    await index.sweep(100);
    expect([...index.withSeqAfter(0)].map((entry) => entry.seq)).toEqual([2]);
    await index.sweep(Number.MAX_VALUE);
    expect(index.size).toBe(1);
  });

  it.each([NaN, Infinity, undefined])('sweeps nothing at %s', async (now) => {
    const index = indexOf([makeEntry(0)]);
    await expect(index.sweep(now as number)).rejects.toThrow(TypeError);
    expect(index.size).toBe(1);
  });

  it('keeps what is applied while a sweep is under way', async () => {
    const index = indexOf(Array.from({ length: 5000 }, (_, i) => makeEntry(i)));
    const sweep = index.sweep(100);
    for (let i = 0; i < 5000; i += 3) {
      index.apply(makeEntry(i, { expiresAt: 200 }));
      if (i % 30 === 0) await new Promise(setImmediate);
    }
    await sweep;
    for (let i = 0; i < 5000; i += 3) expect(index.session.has(makeEntry(i).subject)).toBe(true);
  });

  it('yields each entry once though others come between', () => {
    const index = indexOf(Array.from({ length: 3000 }, (_, i) => makeEntry(i)));
    const seen: number[] = [];
    for (const { seq } of index.withSeqAfter(1000)) {
      seen.push(seq);
      index.apply(makeEntry(10_000 + seen.length));
    }
    const old = seen.filter((seq) => seq <= 3000).toSorted((a, b) => a - b);
    expect(old).toEqual(Array.from({ length: 2000 }, (_, i) => 1001 + i));
  });

  it('takes no more than 80 bytes an entry', () => {
    const index = indexOf(Array.from({ length: 100_000 }, (_, i) => makeEntry(i)));
    expect(index.memoryBytes / index.size).toBeLessThan(80);
  });

  it.each([
    ['a seq as text, as database drivers hand out bigint', { seq: '7' }],
    ['a version as text', { minVersion: '1800000000' }],
    ['a version that is no number', { minVersion: NaN }],
    ['a negative version', { minVersion: -1 }],
    ['a seq past what a double holds', { seq: 2 ** 53 }],
    ['an expiry that is no number', { expiresAt: NaN }],
    ['an expiry as a date', { expiresAt: new Date() }],
    ['a suspension that is not a boolean', { suspended: 'false' }],
    ['no subject', { subject: undefined }],
    ['an application that is no name', { applicationId: 7 }],
  ])('refuses %s', (_, changes) => {
    const index = new RevocationIndex();
    expect(() => index.apply(makeEntry(0, changes as Partial<RevocationEntry>))).toThrow(TypeError);
    expect(index.size).toBe(0);
  });
});

describe('concerns', () => {
  it.each([
    ['a session of its own', { applicationId: 'shop' }, true],
    ["another application's session", { applicationId: 'account' }, false],
    ['a session of nobody knows which application', {}, true],
    ['a user, who may sign in anywhere', { kind: 'user' as const }, true],
    ['a key', { kind: 'key' as const, subject: 'k1' }, true],
    ['itself', { kind: 'application' as const, subject: 'shop' }, true],
    ['another application', { kind: 'application' as const, subject: 'account' }, false],
  ])('an application is told of %s: %s', (_, changes, told) => {
    expect(concerns(makeEntry(0, changes), 'shop')).toBe(told);
  });
});
