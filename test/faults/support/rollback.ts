import { execFile } from 'node:child_process';
import { chown, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { poll } from '../../support/poll.js';
import { startProxy } from '../../support/tcp-proxy.js';
import type { Fleet } from './fleet.js';
import type { Moment, Rollback } from './history.js';
import { now } from './http.js';
import type { OwnPostgres } from './own-postgres.js';

const execute = promisify(execFile);

/** A backup is taken, people go on for so many milliseconds, and the backup is restored. */
export async function restoreBackup(fleet: Fleet, lasting: number): Promise<Rollback> {
  const { postgres } = fleet;
  const { folder, cutAt } = await copyCluster(postgres);
  await sleep(lasting);
  await postgres.stop('fast');
  await rm(postgres.cluster.folder, { recursive: true });
  await rename(folder, postgres.cluster.folder);
  await postgres.start();
  return answersAgain(fleet, cutAt);
}

/** A standby loses its primary from sight, people go on for so many milliseconds, and then it has to take its place. */
export async function promoteStandby(fleet: Fleet, lasting: number): Promise<Rollback> {
  const primary = fleet.postgres;
  const link = await startProxy(primary.url());
  const standby = await startStandby(primary, link.url);
  const cutAt = await untilCaughtUp(primary, standby);
  link.cut();
  await sleep(lasting);
  await primary.stop('immediate');
  await standby.query('select pg_promote()');
  fleet.replaceDatabase(standby);
  await link.close();
  return answersAgain(fleet, cutAt);
}

/** What the fleet does now is known to all of it once every instance calls its list confirmed. */
async function answersAgain(fleet: Fleet, cutAt: Moment): Promise<Rollback> {
  const answersAt = now();
  await fleet.settled(30);
  return { cutAt, answersAt, knownAt: now() };
}

/** A copy of a running cluster, as pg_basebackup makes it, which is not among the programs that npm brings along. */
async function copyCluster(postgres: OwnPostgres): Promise<{ folder: string; cutAt: Moment }> {
  const from = postgres.cluster.folder;
  const folder = join(postgres.home, `copy-${Math.round(now())}`);
  return postgres.connected(async (client) => {
    await client.query("select pg_backup_start('faults', true)");
    // Files that change while they are copied are mended from the log.
    await execute('cp', ['-a', from, folder]).catch(() => undefined);
    const cutAt = now();
    const { rows } = await client.query('select labelfile from pg_backup_stop(false)');
    await execute('cp', ['-a', join(from, 'pg_wal'), folder]);
    await writeFor(postgres, join(folder, 'backup_label'), rows[0].labelfile);
    for (const name of await readdir(folder)) if (name.startsWith('postmaster.')) await rm(join(folder, name));
    return { folder, cutAt };
  });
}

async function startStandby(primary: OwnPostgres, link: string): Promise<OwnPostgres> {
  const { folder } = await copyCluster(primary);
  const { hostname, port, username, password } = new URL(link);
  const connection = `host=${hostname} port=${port} user=${username} password=${password}`;
  await writeFor(primary, join(folder, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`);
  await writeFor(primary, join(folder, 'standby.signal'), '');
  return primary.beside(folder);
}

/** As root, PostgreSQL runs as another user, who has to write to it too. */
async function writeFor({ cluster: { account } }: OwnPostgres, path: string, content: string): Promise<void> {
  await writeFile(path, content);
  if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
}

/** Returns a moment up to which it has everything. */
async function untilCaughtUp(primary: OwnPostgres, standby: OwnPostgres): Promise<Moment> {
  const caughtUpTo = now();
  const [at] = await primary.query<{ lsn: string }>('select pg_current_wal_lsn() as lsn');
  await poll(async () => {
    const rows = await standby.query<{ got: boolean }>('select pg_last_wal_replay_lsn() >= $1::pg_lsn as got', [
      at!.lsn,
    ]);
    return rows[0]!.got;
  }, 30);
  return caughtUpTo;
}
