import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { findClosedFolder, findPostgresAccount, type PostgresAccount } from './postgres-account.js';
import { SetUpError } from './set-up-error.js';
import { hasCode } from './write-once.js';

export const WAYS_OUT =
  'Set DATA_DIR to a folder that can be used, such as DATA_DIR=/var/lib/portcullis, or DATABASE_URL to a PostgreSQL of your own.';

/** Where root keeps what another user has to reach. */
const SYSTEM_FOLDER = '/var/lib/portcullis';

/**
 * The folder for an embedded PostgreSQL where none was asked for: `.data` of the project, unless this is root in a
 * home that nobody else may enter, where PostgreSQL (which refuses to run as root) could not reach its own data.
 */
export function chooseDataFolder(usual: string): string {
  const account = findPostgresAccount(join(usual, 'postgres'));
  const project = dirname(usual);
  if (findClosedFolder(project, account) === undefined) return usual;
  const digest = createHash('sha256').update(project).digest('hex').slice(0, 8);
  return join(SYSTEM_FOLDER, `${basename(project)}-${digest}`);
}

/** Makes the data folder if it is not there. Throws a SetUpError when this process or the account cannot use it. */
export async function openDataFolder(folder: string, account: PostgresAccount = {}): Promise<void> {
  try {
    const created = await mkdir(folder, { recursive: true, mode: 0o711 });
    // The mask of root may be so strict that the other user cannot pass; what is in the folder stays closed.
    if (created !== undefined && account.uid !== undefined) await makePassable(created, folder);
    await writeProbe(folder);
  } catch (cause) {
    if (!hasCode(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT')) throw cause;
    const user = userInfo().username;
    throw new SetUpError(`The data folder ${folder} cannot be used: user ${user} cannot write there. ${WAYS_OUT}`, {
      cause,
    });
  }
  const closed = findClosedFolder(folder, account);
  if (closed === undefined) return;
  throw new SetUpError(
    `The data folder ${folder} cannot be used: PostgreSQL refuses to run as root, so it runs as user id ` +
      `${account.uid}, which may not enter ${closed}. ${WAYS_OUT}`,
  );
}

/** Opens the folders this process has just made, from the data folder up to the first of them, for passing through. */
async function makePassable(first: string, folder: string): Promise<void> {
  for (let path = folder; path.length >= first.length; path = dirname(path)) await chmod(path, 0o711);
}

async function writeProbe(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomUUID()}`);
  await mkdir(probe);
  await rm(probe, { recursive: true });
}
