import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, parse } from 'node:path';
import { SetUpError } from './set-up-error.js';

/** The user of the operating system that PostgreSQL runs as; empty: the one that runs this process. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
}

/**
 * PostgreSQL refuses to run as root. Root therefore runs it as whoever owns the data, else as `postgres`, else as
 * `nobody`; one of them is on every system, so that no user has to be added to this machine.
 */
export function findPostgresAccount(clusterFolder: string): PostgresAccount {
  if (process.getuid?.() !== 0) return {};
  const owner = existsSync(clusterFolder) ? statSync(clusterFolder) : undefined;
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = lookUp('postgres') ?? lookUp('nobody');
  if (account) return account;
  throw new SetUpError(
    'PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody. ' +
      'Add one (useradd --system postgres), start as another user, or set DATABASE_URL.',
  );
}

/** The first folder on the way to a path that the account may not enter; undefined when it can reach the path. */
export function findClosedFolder(path: string, account: PostgresAccount): string | undefined {
  if (account.uid === undefined || canEnter(path, account)) return undefined;
  const folders = [path];
  for (let folder = dirname(path); folder !== parse(folder).root; folder = dirname(folder)) folders.unshift(folder);
  return folders.find((folder) => !canEnter(folder, account)) ?? path;
}

/** Modes alone do not tell (access lists, security modules), so it is tried. */
function canEnter(folder: string, account: PostgresAccount): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

function lookUp(name: string): PostgresAccount | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
    );
    return { uid: uid!, gid: gid! };
  } catch {
    return undefined;
  }
}
