import fc from 'fast-check';
import { startFrozenService, type FrozenService } from './support/histories/frozen-service.js';
import { History } from './support/histories/history.js';
import { anyHistory } from './support/histories/steps.js';

/** About 20 seconds; HISTORIES_RUNS=2000 searches for half an hour. HISTORIES_SEED repeats a search. */
const RUNS = Number(process.env.HISTORIES_RUNS ?? 60);
const SEED = process.env.HISTORIES_SEED;

let service: FrozenService;

beforeAll(async () => {
  service = await startFrozenService();
});
afterAll(() => service.stop());

test(
  'whatever happens to an account, in any order, the service does what the model of its rules says at each step',
  () =>
    // What fails is shrunk, and told with its seed.
    fc.assert(
      fc.asyncProperty(anyHistory, (steps) => new History(service).run(steps)),
      { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
    ),
  // Shrinking a long history takes its time; without a failure it is over long before.
  3_600_000,
);
