import { DATABASE_FAULTS, INSTANCE_FAULTS, planOf, SHORT_FORM, type Move, type PlannedSweep } from './support/plan.js';

const EVERY_MOVE: Move['do'][] = [
  'sign in',
  'refresh',
  'replay',
  'knock',
  'read',
  'verify',
  'hold',
  'sign out',
  'end a device',
  'end the others',
  'sign out everywhere',
  'change the password',
  'delete the account',
  'suspend',
  'let in again',
  'give roles',
  'sign out a person',
  'end a session',
  'deny a token',
];

const EVERY_SWEEP: PlannedSweep['do'][] = [
  'withdraw a key',
  'sign out everyone',
  'sign out the application',
  'disable the application',
];

test('a seed always makes the same plan, and another one another', () => {
  expect(planOf(7)).toEqual(planOf(7));
  expect(planOf(7)).not.toEqual(planOf(8));
});

test('the plans of every run strike with each fault there is, and ask for each thing that can be asked', () => {
  const plans = SHORT_FORM.map(planOf);
  const moves = new Set(plans.flatMap(({ people }) => people.flat().map((move) => move.do)));
  expect([...moves].toSorted()).toEqual(EVERY_MOVE.toSorted());
  const sweeps = new Set(plans.flatMap((plan) => plan.sweeps.map((sweep) => sweep.do)));
  expect([...sweeps].toSorted()).toEqual(EVERY_SWEEP.toSorted());
  const struck = plans.flatMap((plan) => [...plan.instanceFaults, ...plan.databaseFaults].map(({ fault }) => fault));
  expect([...new Set<string>(struck)].toSorted()).toEqual([...INSTANCE_FAULTS, ...DATABASE_FAULTS].toSorted());
});
