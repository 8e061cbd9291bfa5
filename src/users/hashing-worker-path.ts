import { fileURLToPath } from 'node:url';

/**
 * The program that a hashing process runs. It stands in a file of its own because Jest puts another in its place
 * (`jest.config.mjs`): Node cannot start the sources that Jest runs.
 */
export const HASHING_WORKER_PATH = fileURLToPath(new URL('hashing-worker.js', import.meta.url));
