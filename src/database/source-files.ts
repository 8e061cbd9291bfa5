import { readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getMetadataArgsStorage, type MigrationInterface } from 'typeorm';

/** The compiled service runs from `dist`, where every file ends in `.js`; tests run the sources. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** The project's own folder, or `dist`: whichever this file was loaded from. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

type EntityClass = new () => object;
export type MigrationClass = new () => MigrationInterface;

/** The classes of all migrations, oldest first: the files in `migrations` are named by their time. */
export async function loadMigrations(): Promise<MigrationClass[]> {
  return (await loadExports('migrations', '')).filter(isMigration);
}

/** The classes of all entities: what the files `*.entity.ts` export. */
export async function loadEntities(): Promise<EntityClass[]> {
  const exported = new Set(await loadExports('src', '.entity'));
  const entities = getMetadataArgsStorage().tables.map(({ target }) => target);
  return entities.filter((target): target is EntityClass => typeof target === 'function' && exported.has(target));
}

/**
 * TypeORM would find the files by itself, but it loads them past the module system of the tests, and it would run the
 * compiled rest of a migration whose source was renamed or is on another branch.
 */
async function loadExports(folder: string, role: string): Promise<unknown[]> {
  const ending = `${role}${EXTENSION}`;
  const names = await readdir(join(ROOT, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts')).toSorted();
  const paths = files.map((file) => join(ROOT, folder, file)).filter(hasSource);
  const modules = await Promise.all(paths.map((path) => import(pathToFileURL(path).href) as Promise<object>));
  return modules.flatMap((module) => Object.values(module));
}

/** False for a file in `dist` beside sources that no longer have it; where only `dist` is, all files count. */
function hasSource(path: string): boolean {
  if (EXTENSION === '.ts' || basename(ROOT) !== 'dist') return true;
  const source = join(dirname(ROOT), relative(ROOT, path)).replace(/\.js$/, '.ts');
  return !existsSync(join(dirname(ROOT), 'migrations')) || existsSync(source);
}

function isMigration(value: unknown): value is MigrationClass {
  return typeof value === 'function' && typeof value.prototype?.up === 'function';
}
