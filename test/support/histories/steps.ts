import fc from 'fast-check';

/**
 * One thing that happens in a history: plain data, so that a failing history can be read and shrunk. `by`, `token` and
 * `device` count back from the newest of what there is: `by` from the newest access token that still passes, if it is to
 * be `usable`. `right` says whether the password is; `script`, that a cookie is presented by what is no browser.
 */
export type Step =
  | { do: 'sign in'; browser: boolean; remember: boolean; right: boolean }
  | { do: 'refresh'; token: number; times: number; script: boolean }
  | { do: 'refresh, malformed'; token: number }
  | { do: 'sign out'; by: 'access token' | 'refresh token'; token: number }
  | { do: 'sign out everywhere'; by: number; usable: boolean }
  | { do: 'end a device'; by: number; usable: boolean; device: number | 'unknown' }
  | { do: 'name a device'; by: number; usable: boolean; device: number | 'unknown' }
  | { do: 'end the others'; by: number; usable: boolean }
  | { do: 'change the password'; by: number; usable: boolean; right: boolean }
  | { do: 'reauthenticate'; by: number; usable: boolean; right: boolean }
  | { do: 'set roles'; roles: string }
  | { do: 'name the account'; by: number; usable: boolean }
  | { do: 'delete the account'; by: number; usable: boolean }
  | { do: 'wait'; seconds: number }
  | { do: 'housekeeping' };

const newestMostly = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(12) });
const device = fc.oneof({ weight: 6, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.constant('unknown' as const) });
const mostly = fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

const by = { by: newestMostly, usable: mostly };

/** On, just before and just after every limit of the model, the short ones mostly: a long wait ends all there is. */
const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 5, 9, 10, 11, 60, 300) },
  { weight: 3, arbitrary: fc.constantFrom(599, 600, 604, 605, 1_200) },
  { weight: 2, arbitrary: fc.constantFrom(1_799, 1_800, 3_599, 3_600, 3_601) },
  { weight: 1, arbitrary: fc.constantFrom(7_199, 7_200, 10_800, 21_599, 21_600, 80_000, 86_400) },
);

const kinds: [weight: number, arbitrary: fc.Arbitrary<Step>][] = [
  [5, fc.record({ do: fc.constant('sign in' as const), browser: fc.boolean(), remember: fc.boolean(), right: mostly })],
  [
    12,
    fc.record({
      do: fc.constant('refresh' as const),
      token: newestMostly,
      times: fc.integer({ min: 1, max: 4 }),
      script: mostly.map((not) => !not),
    }),
  ],
  [1, fc.record({ do: fc.constant('refresh, malformed' as const), token: newestMostly })],
  [
    2,
    fc.record({
      do: fc.constant('sign out' as const),
      by: fc.constantFrom('access token' as const, 'refresh token' as const),
      token: newestMostly,
    }),
  ],
  [1, fc.record({ do: fc.constant('sign out everywhere' as const), ...by })],
  [3, fc.record({ do: fc.constant('end a device' as const), ...by, device })],
  [1, fc.record({ do: fc.constant('name a device' as const), ...by, device })],
  [2, fc.record({ do: fc.constant('end the others' as const), ...by })],
  [2, fc.record({ do: fc.constant('change the password' as const), ...by, right: mostly })],
  [2, fc.record({ do: fc.constant('reauthenticate' as const), ...by, right: mostly })],
  [2, fc.record({ do: fc.constant('set roles' as const), roles: fc.constantFrom('', 'auditor', 'editor') })],
  [1, fc.record({ do: fc.constant('name the account' as const), ...by })],
  [1, fc.record({ do: fc.constant('delete the account' as const), ...by })],
  [7, fc.record({ do: fc.constant('wait' as const), seconds })],
  [2, fc.constant<Step>({ do: 'housekeeping' })],
];

export const anyHistory = fc.array(fc.oneof(...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
  minLength: 1,
  maxLength: 20,
  size: 'max',
});
