import fc from 'fast-check';
import { Clock } from '../common/clock.js';
import { correctionBy, DatabaseClock } from './database-clock.js';

const milliseconds = (most: number) => fc.integer({ min: -most, max: most });

/** Looks at a database whose clock is `ahead` of ours: when each question was asked, and how long both ways took. */
const looks = fc.array(fc.record({ asked: fc.nat(1e9), there: fc.nat(5_000), back: fc.nat(5_000) }), { minLength: 1 });

test('a clock that looks right between question and answer is not corrected', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.nat(5_000), fc.nat(5_000), (asked, there, back) => {
      expect(correctionBy({ asked, told: asked + there, answered: asked + there + back })).toBe(0);
    }),
  );
});

test('however far apart the clocks are, it is known at least as well as the shortest look can tell', () => {
  fc.assert(
    fc.property(milliseconds(1e8), looks, (ahead, taken) => {
      let correction = 0;
      for (const { asked, there, back } of taken) {
        const told = asked + there + ahead;
        correction = correctionBy({ asked, told, answered: asked + there + back }, correction);
      }
      const shortest = Math.min(...taken.map(({ there, back }) => there + back));
      expect(Math.abs(correction - ahead)).toBeLessThanOrEqual(shortest);
    }),
  );
});

describe('What may be forgotten is past', () => {
  const ours = Object.assign(new Clock(), { now: () => 5_000_000 });

  test('by the database and by our own clock', () => {
    for (const told of [4_000_000, 6_000_000]) {
      const clock = new DatabaseClock(ours);
      clock.learn({ asked: 5_000_000, told, answered: 5_000_000 });
      expect([clock.seconds(), clock.certain]).toEqual([told / 1000, Math.min(told / 1000, 5_000)]);
    }
  });

  test('not before the database has said anything', () => {
    expect(new DatabaseClock(ours).certain).toBe(0);
  });
});
