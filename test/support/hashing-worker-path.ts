import { join } from 'node:path';

/** In the place of `src/users/hashing-worker-path.ts`: the program as this test run has compiled it. */
export const HASHING_WORKER_PATH = join(process.env.TEST_COMPILED!, 'src/users/hashing-worker.js');
