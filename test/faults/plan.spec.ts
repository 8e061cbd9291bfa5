import { DATABASE_FAULTS, INSTANCE_FAULTS, planOf, SHORT_FORM } from './support/plan.js';

test('a seed always makes the same plan, and another one another', () => {
  expect(planOf(7)).toEqual(planOf(7));
  expect(planOf(7)).not.toEqual(planOf(8));
});

test('the plans of every run strike with each fault there is, and ask for each thing that can be asked', () => {
  const plans = SHORT_FORM.map(planOf);
  const moves = new Set(plans.flatMap(({ people }) => people.flat().map((move) => move.do)));
  expect([...moves]).toEqual(
    expect.arrayContaining([
      'sign in',
      'refresh',
      'replay',
      'sign out',
      'end a device',
      'change the password',
      'suspend',
    ]),
  );
  const struck = plans.flatMap((plan) => [...plan.instanceFaults, ...plan.databaseFaults].map(({ fault }) => fault));
  expect([...new Set<string>(struck)].toSorted()).toEqual([...INSTANCE_FAULTS, ...DATABASE_FAULTS].toSorted());
});
