import fc from 'fast-check';
import type { ConnectionKind, OperatorAct, PersonalAct } from './history.js';
import type { DeviceKind } from './requests.js';
import { APPLICATIONS, INSTANCES, type ApplicationId } from './settings.js';

/**
 * What one person does next: plain data. `device` and `target` count back from the newest device of the person; `on` is
 * the instance that is asked.
 */
export type Move = { pause: number } & (
  | { do: 'sign in'; kind: DeviceKind; to: ApplicationId; on: number }
  /** At once, at every instance named. */
  | { do: 'refresh'; device: number; on: number[] }
  | { do: 'replay'; device: number; on: number }
  | { do: 'knock' | 'read'; device: number; on: number }
  | { do: 'sign out'; by: 'access token' | 'refresh token'; device: number; on: number }
  | { do: 'end a device'; device: number; target: number; on: number }
  | { do: PersonalAct; device: number; on: number }
  /** By a follower. */
  | { do: 'verify'; device: number; on: number }
  | { do: 'hold'; as: ConnectionKind; device: number; on: number }
  /** With `held`, in a transaction that is open for so many milliseconds between the change and its line in the log. */
  | { do: OperatorAct; on: number; held: number }
  | { do: 'end a session' | 'deny a token'; device: number; on: number }
);

/** What an operator does to everybody, after a pause of so many milliseconds. */
export type PlannedSweep = { on: number; pause: number } & (
  | { do: 'withdraw a key' | 'sign out everyone' }
  | { do: 'sign out the application'; application: ApplicationId }
  /** Which is enabled again after so many milliseconds, whatever else is done meanwhile. */
  | { do: 'disable the application'; application: ApplicationId; lasting: number }
);

export const INSTANCE_FAULTS = ['killed', 'restarted', 'frozen', 'cut off', 'black hole'] as const;
export const DATABASE_FAULTS = [
  'connections terminated',
  'sessions locked',
  'head locked',
  'restarted in order',
  'crashed',
  'everything killed',
  'backup restored',
  'standby promoted',
] as const;

/** What happens to an instance or to the database, after a pause and for a while; both in milliseconds. */
export interface InstanceFault {
  fault: (typeof INSTANCE_FAULTS)[number];
  instance: number;
  pause: number;
  lasting: number;
}
export interface DatabaseFault {
  fault: (typeof DATABASE_FAULTS)[number];
  pause: number;
  lasting: number;
}

export interface Plan {
  people: Move[][];
  sweeps: PlannedSweep[];
  instanceFaults: InstanceFault[];
  databaseFaults: DatabaseFault[];
}

/** The seeds of every run. Together they strike with each fault there is, and ask for all there is to ask for. */
export const SHORT_FORM = [633, 4986];

/** The plan of a seed: always the same one. */
export function planOf(seed: number): Plan {
  return fc.sample(anyPlan, { seed, numRuns: 1 })[0]!;
}

const on = fc.nat(INSTANCES - 1);
const device = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(5) });
const pause = fc.integer({ min: 0, max: 150 });
const held = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 3_000 }) },
);
const application = fc.constantFrom(...APPLICATIONS);
const is = <const Name extends string>(...names: Name[]) => fc.constantFrom(...names);

const kinds: [weight: number, arbitrary: fc.Arbitrary<Move>][] = [
  [6, fc.record({ do: is('sign in'), kind: is('native', 'script', 'browser'), to: application, on, pause })],
  [14, fc.record({ do: is('refresh'), device, on: fc.array(on, { minLength: 1, maxLength: 5 }), pause })],
  [1, fc.record({ do: is('replay'), device, on, pause })],
  [14, fc.record({ do: is('knock', 'read'), device, on, pause })],
  [3, fc.record({ do: is('sign out'), by: is('access token', 'refresh token'), device, on, pause })],
  [3, fc.record({ do: is('end a device'), device, target: device, on, pause })],
  [2, fc.record({ do: is('end the others', 'sign out everywhere', 'change the password'), device, on, pause })],
  [2, fc.record({ do: is('give roles', 'suspend', 'let in again'), on, held, pause })],
  [1, fc.record({ do: is('sign out a person'), on, held: fc.constant(0), pause })],
  [2, fc.record({ do: is('end a session', 'deny a token'), device, on, pause })],
  [4, fc.record({ do: is('verify'), device, on: fc.nat(1), pause })],
  [6, fc.record({ do: is('hold'), as: is('socket', 'events'), device, on, pause })],
  [1, fc.record({ do: is('delete the account'), device, on, pause })],
];

const anyMove = fc.oneof(...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const sweepPause = fc.integer({ min: 1_000, max: 6_000 });
const anySweep: fc.Arbitrary<PlannedSweep> = fc.oneof(
  fc.record({ do: is('withdraw a key'), on, pause: sweepPause }),
  fc.record({ do: is('sign out everyone'), on, pause: sweepPause }),
  fc.record({ do: is('sign out the application'), application, on, pause: sweepPause }),
  fc.record({
    do: is('disable the application'),
    application: is('shop'),
    on,
    // On both sides of the bound.
    lasting: fc.integer({ min: 300, max: 5_000 }),
    pause: sweepPause,
  }),
);

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  people: fc.array(fc.array(anyMove, { minLength: 40, maxLength: 60, size: 'max' }), { minLength: 5, maxLength: 5 }),
  sweeps: fc.array(anySweep, { minLength: 1, maxLength: 3 }),
  instanceFaults: fc.array(
    fc.record({
      fault: fc.constantFrom(...INSTANCE_FAULTS),
      instance: on,
      pause: fc.integer({ min: 100, max: 1_000 }),
      // On both sides of the bound, and shorter than anybody waits for an answer.
      lasting: fc.integer({ min: 300, max: 5_000 }),
    }),
    { minLength: 2, maxLength: 3 },
  ),
  databaseFaults: fc.array(
    fc.record({
      fault: fc.constantFrom(...DATABASE_FAULTS),
      pause: fc.integer({ min: 300, max: 1_500 }),
      lasting: fc.integer({ min: 200, max: 2_500 }),
    }),
    { minLength: 3, maxLength: 4 },
  ),
});
