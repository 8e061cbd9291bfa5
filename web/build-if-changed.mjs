/**
 * Builds the account pages when their sources have changed since the last build, so that a start costs milliseconds
 * when they have not. Needs the compiled client (`tsc -b`).
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const HERE = import.meta.dirname;
const INPUTS = [
  'index.html',
  'package.json',
  'vite.config.ts',
  'tsconfig.json',
  'public',
  'src',
  '../packages/client/dist',
];
/** Outside web/dist: all that is in there is served. */
const STAMP = join(HERE, '../dist/.web-inputs');

/** All files of a file or folder, in a fixed order. */
async function filesOf(path) {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function digestOfInputs() {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of await filesOf(join(HERE, input))) {
      if (/\.spec\.tsx?$|\.tsbuildinfo$|\.map$/.test(file)) continue;
      hash
        .update(file.slice(HERE.length))
        .update('\0')
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

const digest = await digestOfInputs();
const built = existsSync(join(HERE, 'dist/index.html')) ? await readFile(STAMP, 'utf8').catch(() => null) : null;
if (built !== digest) {
  const { build } = await import('vite');
  await build({ root: HERE, logLevel: 'warn' });
  await mkdir(dirname(STAMP), { recursive: true });
  await writeFile(STAMP, digest);
}
