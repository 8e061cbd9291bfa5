import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What every page of a front end loads: 6 kB, gzipped. */
const MOST_BYTES = 6_000;

/** Prints the one chunk that Vite, as a front end would use it, makes of the client alone. */
const BUILD = `
  import { build } from 'vite';
  const rollupOptions = { input: process.argv[1], preserveEntrySignatures: 'strict' };
  const options = { write: false, modulePreload: false, rollupOptions };
  const { output } = await build({ configFile: false, logLevel: 'silent', root: process.argv[2], build: options });
  if (output.length !== 1) throw new Error('not one chunk');
  process.stdout.write(output[0].code);
`;

test('the client, minified and gzipped, takes less than 6 kB, and needs nothing else', async () => {
  const folder = join(ROOT, 'packages/client/src');
  const parameters = ['--input-type=module', '-e', BUILD, join(folder, 'index.ts'), folder];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: join(ROOT, 'web') });
  expect(stdout).toContain('/v1/auth/refresh');
  expect(stdout).not.toMatch(/\bimport\b/);
  expect(gzipSync(stdout, { level: 9 }).length).toBeLessThan(MOST_BYTES);
});
