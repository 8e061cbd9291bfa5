import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './write-once.js';

/** What PostgreSQL says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number;
  /** Undefined in the first moments of a start. */
  port?: number;
}

/** Reads `postmaster.pid` of a cluster; null when there is none. A killed PostgreSQL leaves it behind. */
export async function findPostmaster(clusterFolder: string): Promise<Postmaster | null> {
  try {
    // One line each: process id, data directory, start time, port, socket folder, address, shared memory, state.
    const lines = (await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8')).split('\n');
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    if (!Number.isInteger(pid) || pid <= 0) return null;
    return port > 0 ? { pid, port } : { pid };
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return null;
    throw cause;
  }
}

/** Whether a process with this id runs and is a PostgreSQL: ids are used again, soon so in containers. */
export function isPostgresProcess(pid: number): boolean {
  return isRunning(pid) && /postgres/i.test(readCommand(pid) ?? 'postgres, for all we know');
}

/**
 * Removes the `postmaster.pid` of a killed PostgreSQL whose id now belongs to another program, which PostgreSQL takes
 * for its old self and refuses to start.
 */
export async function removeStalePidFile(clusterFolder: string): Promise<void> {
  const stale = await findPostmaster(clusterFolder);
  if (!stale || isPostgresProcess(stale.pid)) return;
  const path = join(clusterFolder, 'postmaster.pid');
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return;
    throw cause;
  }
  // Between look and rename another process may have started a PostgreSQL: then this is its file, and goes back.
  if (Number.parseInt(await readFile(aside, 'utf8'), 10) !== stale.pid) await link(aside, path);
  await rm(aside);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return !hasCode(cause, 'ESRCH');
  }
}

/** The name of a running program; empty when it has ended; undefined where the system does not tell. */
function readCommand(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) return readLinuxCommand(pid);
  if (process.platform === 'win32') return undefined;
  const { status, stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' });
  return status === null ? undefined : stdout;
}

function readLinuxCommand(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [command, state] = [status.slice(status.indexOf('(') + 1, status.lastIndexOf(')')), status.split(') ').pop()];
    // Ended, but its parent has not taken note: no program any more.
    return state?.startsWith('Z') ? '' : command;
  } catch {
    return '';
  }
}
