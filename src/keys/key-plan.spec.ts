import fc from 'fast-check';
import {
  isEmpty,
  planRotation,
  PUBLISHED_AFTER_USE,
  PUBLISHED_BEFORE_USE,
  type KeyState,
  type RotationPolicy,
} from './key-plan.js';

const ES256: RotationPolicy = { algorithm: 'ES256', interval: 86_400 };
const KEY: KeyState = { kid: 'a', algorithm: 'ES256', status: 'active', age: 100, signedFor: 100 };
const STANDBY: KeyState = { ...KEY, kid: 'b', status: 'standby', signedFor: null };
const DUE: KeyState[] = [
  { ...KEY, signedFor: 86_400 },
  { ...STANDBY, age: PUBLISHED_BEFORE_USE },
];

test('without any key, one that signs and one on standby are made', () => {
  const make = [
    { algorithm: 'ES256', status: 'active' },
    { algorithm: 'ES256', status: 'standby' },
  ];
  expect(planRotation([], ES256)).toEqual({ retire: [], promote: null, make });
});

test('nothing is done before it is time, nor before the standby has been published for long enough', () => {
  expect(isEmpty(planRotation([KEY, STANDBY], ES256))).toBe(true);
  expect(isEmpty(planRotation([{ ...DUE[0]!, signedFor: 86_399 }, DUE[1]!], ES256))).toBe(true);
  expect(isEmpty(planRotation([DUE[0]!, { ...DUE[1]!, age: PUBLISHED_BEFORE_USE - 1 }], ES256))).toBe(true);
  expect(planRotation(DUE, ES256)).toMatchObject({ retire: ['a'], promote: 'b' });
});

test('another algorithm is published first, and then takes over without waiting for the interval', () => {
  const policy: RotationPolicy = { ...ES256, algorithm: 'RS256' };
  const standby = { algorithm: 'RS256', status: 'standby' } as const;
  expect(planRotation([KEY, STANDBY], policy)).toEqual({ retire: [], promote: null, make: [standby] });
  const next: KeyState = { ...STANDBY, kid: 'c', algorithm: 'RS256', age: PUBLISHED_BEFORE_USE };
  expect(planRotation([KEY, STANDBY, next], policy)).toEqual({ retire: ['a', 'b'], promote: 'c', make: [standby] });
});

test('where nothing signs, the standby signs at once', () => {
  expect(planRotation([{ ...STANDBY, age: 0 }], ES256)).toMatchObject({ promote: 'b', make: [{ status: 'standby' }] });
});

interface SimulatedKey extends KeyState {
  retiredFor: number;
}

/** What the repository does with a plan. */
function carryOut(keys: SimulatedKey[], policy: RotationPolicy, atOnce: boolean, name: () => string): SimulatedKey[] {
  const { retire, promote, make } = planRotation(keys, policy, atOnce);
  const changed = keys.map((key): SimulatedKey => {
    if (retire.includes(key.kid)) return { ...key, status: 'retired', retiredFor: 0 };
    return key.kid === promote ? { ...key, status: 'active', signedFor: 0 } : key;
  });
  const made = make.map(({ algorithm, status }): SimulatedKey => {
    const signedFor = status === 'active' ? 0 : null;
    return { kid: name(), algorithm, status, age: 0, signedFor, retiredFor: 0 };
  });
  return [...changed, ...made];
}

test('whatever happens in whatever order: one key signs, everyone knew it before, and what it signed can be verified', () => {
  const step = fc.record({
    pass: fc.integer({ min: 0, max: 2 * 86_400 }),
    algorithm: fc.constantFrom('ES256', 'RS256'),
    atOnce: fc.boolean(),
    withdrawn: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let names = 0;
      let keys: SimulatedKey[] = [];
      for (const { pass, algorithm, atOnce, withdrawn } of steps) {
        const before = keys.find((key) => key.status === 'active');
        if (withdrawn) keys = keys.filter((key) => key !== before);
        keys = carryOut(keys, { algorithm, interval: 86_400 }, atOnce, () => `k${(names += 1)}`);

        const [active, ...others] = keys.filter((key) => key.status === 'active');
        expect(others).toEqual([]);
        expect(keys.filter((key) => key.status === 'standby' && key.algorithm === algorithm)).toHaveLength(1);
        if (before && !withdrawn && active!.kid !== before.kid) {
          expect(active!.age).toBeGreaterThanOrEqual(PUBLISHED_BEFORE_USE);
          expect(keys.find((key) => key.kid === before.kid)).toMatchObject({ status: 'retired', retiredFor: 0 });
        }
        // Carrying it out twice changes nothing: whoever comes second finds it done.
        if (!atOnce) expect(isEmpty(planRotation(keys, { algorithm, interval: 86_400 }))).toBe(true);
        keys = keys.map((key) => ({
          ...key,
          age: key.age + pass,
          signedFor: key.signedFor === null ? null : key.signedFor + pass,
          retiredFor: key.retiredFor + pass,
        }));
      }
    }),
    { numRuns: 500 },
  );
});

test('a retired key stays published for longer than any token of it lives', () => {
  expect(PUBLISHED_AFTER_USE).toBeGreaterThanOrEqual(3600 + 60 + 5);
});
