import { jest } from '@jest/globals';
import { Clock } from '../common/clock.js';
import { LookSchedule } from './look-schedule.js';

/** When looks began, in milliseconds since the schedule was made. A look takes no time. */
let looks: number[];
let failing: boolean;
let schedule: LookSchedule;

class SteppedClock extends Clock {
  at = 0;

  override monotonic(): number {
    return this.at;
  }
}

let clock: SteppedClock;

beforeEach(() => {
  jest.useFakeTimers();
  looks = [];
  failing = false;
  clock = new SteppedClock();
  schedule = new LookSchedule(clock, async () => {
    looks.push(clock.at);
    if (failing) throw new Error('the database is gone');
  });
});
afterEach(() => {
  schedule.stop();
  jest.useRealTimers();
});

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 1) {
    clock.at += 1;
    await jest.advanceTimersByTimeAsync(1);
  }
}

test('it looks once a second, whether anybody gives a hint or not', async () => {
  schedule.start();
  await pass(3_500);
  expect(looks).toEqual([1_000, 2_000, 3_000]);
});

test('a look that failed is tried again after a tenth of a second, until one succeeds', async () => {
  schedule.start();
  failing = true;
  await pass(1_250);
  failing = false;
  await pass(1_250);
  expect(looks).toEqual([1_000, 1_100, 1_200, 1_300, 2_300]);
});

test('a hint is followed at once; many of them are at most every ten milliseconds, the last one too', async () => {
  await pass(5);
  schedule.soon();
  expect(looks).toEqual([5]);
  for (let hint = 0; hint < 23; hint += 1) {
    schedule.soon();
    await pass(1);
  }
  await pass(100);
  expect(looks).toEqual([5, 15, 25, 35]);
});

test('hints bring no look forward that comes by time', async () => {
  schedule.start();
  await pass(900);
  schedule.soon();
  await pass(1_200);
  expect(looks).toEqual([900, 1_000, 2_000]);
});

test('once it is stopped, neither the time nor a hint makes it look', async () => {
  schedule.start();
  schedule.soon();
  schedule.soon();
  schedule.stop();
  schedule.soon();
  await pass(5_000);
  expect(looks).toEqual([0]);
});
