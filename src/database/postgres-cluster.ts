import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDataFolder, WAYS_OUT } from './data-folder.js';
import { findPostgresAccount } from './postgres-account.js';
import type { PostgresAccount } from './postgres-account.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { SetUpError } from './set-up-error.js';
import { hasCode, writeOnce } from './write-once.js';

const execute = promisify(execFile);

export const SUPERUSER = 'portcullis';

/** A folder that initdb has been through, with all it takes to run a server on it. */
export interface Cluster {
  /** Absolute: what PostgreSQL calls its data directory. */
  folder: string;
  logFile: string;
  password: string;
  account: PostgresAccount;
  binaries: PostgresBinaries;
}

/** A draft that is older was left by a process that was killed. */
const DRAFT_LIFE_MS = 10 * 60_000;

/** Finds the cluster in the data folder, or makes it. Throws an SetUpError when it cannot be used. */
export async function prepareCluster(dataFolder: string): Promise<Cluster> {
  const folder = join(dataFolder, 'postgres');
  const account = findPostgresAccount(folder);
  await openDataFolder(dataFolder, account);
  const binaries = await findPostgresBinaries(dataFolder, account);
  const passwordFile = join(dataFolder, 'postgres.password');
  if (existsSync(folder)) await checkOwnership(folder, passwordFile);
  const password = (await writeOnce(passwordFile, `${randomBytes(24).toString('base64url')}\n`)).trim();
  const cluster = { folder, logFile: join(dataFolder, 'postgres.log'), password, account, binaries };
  if (!existsSync(folder)) await initialise(cluster, dataFolder);
  return cluster;
}

async function checkOwnership(folder: string, passwordFile: string): Promise<void> {
  const { uid } = await stat(folder);
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && uid !== me) {
    throw new SetUpError(
      `The database in ${folder} belongs to user id ${uid}; it was probably made as root. ` +
        `Start as that user, delete the folder to begin anew, or choose another. ${WAYS_OUT}`,
    );
  }
  if (existsSync(passwordFile)) return;
  throw new SetUpError(
    `${passwordFile} is gone, and without it nobody gets into the database in ${folder}. ` +
      'Put the file back, or delete that folder to begin anew.',
  );
}

/** Made beside its place and then moved there, so that a cluster is complete or absent, and of two that start one wins. */
async function initialise(cluster: Cluster, dataFolder: string): Promise<void> {
  await deleteOldDrafts(dataFolder);
  const draft = join(dataFolder, `postgres.draft-${randomUUID()}`);
  try {
    await mkdir(draft, { mode: 0o700 });
    await giveTo(cluster.account, draft);
    await runInitdb(cluster, draft);
    await rename(draft, cluster.folder);
  } catch (cause) {
    if (!hasCode(cause, 'ENOTEMPTY', 'EEXIST', 'EPERM') || !existsSync(cluster.folder)) throw cause;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function runInitdb({ account, binaries, password }: Cluster, folder: string): Promise<void> {
  const passwordFile = `${folder}.password`;
  // The builtin locale sorts the same on every system and needs none of the system's locales.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    await giveTo(account, passwordFile);
    await execute(binaries.initdb, ['-D', folder, ...locale, ...access], { ...account, cwd: folder });
  } catch (cause) {
    const output = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new SetUpError(`PostgreSQL could not set up its data in ${folder}: ${output}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function giveTo({ uid, gid }: PostgresAccount, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

async function deleteOldDrafts(dataFolder: string): Promise<void> {
  const names = (await readdir(dataFolder)).filter((name) => name.startsWith('postgres.draft-'));
  for (const name of names) {
    const path = join(dataFolder, name);
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > DRAFT_LIFE_MS) await rm(path, { recursive: true, force: true });
  }
}
