import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync, truncateSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { prepareCluster, SUPERUSER, type Cluster } from './postgres-cluster.js';
import { findPostmaster, isPostgresProcess, removeStalePidFile } from './postmaster.js';
import { SetUpError } from './set-up-error.js';
import { hasCode } from './write-once.js';

const execute = promisify(execFile);

/** The name of the database in the embedded server. */
const DATABASE = 'portcullis';
/** Where all participants meet: advisory locks are per database. */
const MEETING_POINT = 'postgres';
/** Any number will do that nobody else uses in that database. */
const PARTICIPANT_LOCK = 7_078_337;
/** PostgreSQL's invalid_password. */
const WRONG_PASSWORD = '28P01';
/** Recovery after a crash replays up to a gigabyte of log. */
const START_LIMIT_MS = 120_000;
/** Starting fails when another process took the port in between, or starts the same cluster: some tries more help. */
const MOST_FAILED_STARTS = 5;
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;

/** This process's part in a running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** The address of the database. It holds the password: never log it. */
  url: string;
  /** Ends this process's part. The last one to leave stops the server. */
  release(): Promise<void>;
}

/**
 * Joins the embedded PostgreSQL of a data folder, or starts it. Every process that uses it holds a shared advisory
 * lock in it; whoever can have it exclusively on leaving was the last one and stops the server. The lock of a killed
 * process vanishes with its connection, so an orphaned server is simply joined, and later stopped, by the next one.
 *
 * @param settings additional settings of PostgreSQL, such as `{ fsync: 'off' }`; without effect on a running one
 * @throws SetUpError when it cannot run here; the message says what to do
 */
export async function openEmbeddedPostgres(
  dataFolder: string,
  settings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster(dataFolder);
  const participant = await takePart(cluster, settings);
  await createDatabase(participant);
  // Nothing but this connection may keep a finished command from ending.
  participant.connection.stream.unref();
  const release = () => leave(cluster, participant);
  return { url: addressOf(cluster, participant.port, DATABASE), release };
}

type Participant = pg.Client & { connection: { stream: { ref(): void; unref(): void } } };

async function takePart(cluster: Cluster, settings: Record<string, string>): Promise<Participant> {
  const deadline = performance.now() + START_LIMIT_MS;
  const logStart = logSize(cluster);
  let [server, failedStarts]: [ChildProcess | undefined, number] = [undefined, 0];
  for (;;) {
    const participant = await join(cluster);
    if (participant) return participant;
    if (performance.now() > deadline || failedStarts > MOST_FAILED_STARTS) throw await startFailure(cluster, logStart);
    if (!server || server.exitCode !== null || server.signalCode !== null) {
      if (server) failedStarts += 1;
      server = await start(cluster, settings);
    }
    await sleep(50);
  }
}

/** A connection to the running server, holding its share of the participants' lock; undefined when there is none yet. */
async function join(cluster: Cluster): Promise<Participant | undefined> {
  const { pid, port } = (await findPostmaster(cluster.folder)) ?? {};
  if (port === undefined) return undefined;
  const client = new pg.Client({
    connectionString: addressOf(cluster, port, MEETING_POINT),
    application_name: 'portcullis-participant',
    connectionTimeoutMillis: 5_000,
  });
  // When the server goes away, all other connections tell the service so.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if ((await isOurs(client, cluster)) && (await shareLock(client))) return client as Participant;
  } catch (cause) {
    if (hasCode(cause, WRONG_PASSWORD) && isPostgresProcess(pid!)) throw passwordFailure(cluster, cause);
    // Still starting, just stopping, or another program behind an old port: looked at again by the caller.
  }
  await client.end().catch(() => undefined);
  return undefined;
}

async function isOurs(client: pg.Client, cluster: Cluster): Promise<boolean> {
  const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
  const [theirs, ours] = await Promise.all([realpath(rows[0]!.data_directory), realpath(cluster.folder)]);
  return theirs === ours;
}

/** False when the last participant holds the lock alone: it is stopping the server. */
async function shareLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock_shared($1) AS got', [PARTICIPANT_LOCK]);
  return rows[0].got;
}

/** Starts the server, unless one runs already that cannot be joined at this moment. */
async function start(cluster: Cluster, settings: Record<string, string>): Promise<ChildProcess | undefined> {
  const running = await findPostmaster(cluster.folder);
  if (running && isPostgresProcess(running.pid)) return undefined;
  await removeStalePidFile(cluster.folder);
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(await findFreePort()),
    // A socket's path is bounded to 107 bytes, and its folder would need the right owner. TCP is enough.
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openLog(cluster);
  try {
    // In a process group of its own: Ctrl-C in the terminal reaches the service, which drains before it stops the
    // server. Its log goes to a file, for a pipe would break when the service is killed.
    const server = spawn(cluster.binaries.postgres, ['-D', cluster.folder, ...flags], {
      ...cluster.account,
      cwd: cluster.folder,
      detached: true,
      stdio: ['ignore', log, log],
    });
    server.on('error', () => undefined);
    server.unref();
    return server;
  } finally {
    closeSync(log);
  }
}

async function leave(cluster: Cluster, participant: Participant): Promise<void> {
  participant.connection.stream.ref();
  try {
    await participant.query('SELECT pg_advisory_unlock_shared($1)', [PARTICIPANT_LOCK]);
    const { rows } = await participant.query('SELECT pg_try_advisory_lock($1) AS alone', [PARTICIPANT_LOCK]);
    if (rows[0].alone) await stop(cluster);
  } catch (cause) {
    // Without its connection the server is gone already, or beyond reach.
    if (cause instanceof SetUpError) throw cause;
  } finally {
    await participant.end().catch(() => undefined);
  }
}

/** "fast": ends all connections, writes everything to disk, needs no recovery on the next start. */
async function stop({ account, binaries, folder }: Cluster): Promise<void> {
  const stopping = ['stop', '-D', folder, '-m', 'fast', '-w', '-t', '30', '-s'];
  try {
    await execute(binaries.pgCtl, stopping, { ...account, cwd: folder });
  } catch (cause) {
    if ((await findPostmaster(folder)) === null) return;
    throw new SetUpError(`The PostgreSQL in ${folder} did not stop within 30 seconds.`, { cause });
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount === 1) return;
  try {
    await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (cause) {
    // Another process was faster: duplicate_database, or unique_violation when both were at it.
    if (!hasCode(cause, '42P04', '23505')) throw cause;
  }
}

function addressOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/${database}`;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function openLog({ logFile }: Cluster): number {
  if (logSize({ logFile }) > LARGEST_LOG_BYTES) truncateSync(logFile);
  return openSync(logFile, 'a', 0o600);
}

function logSize({ logFile }: Pick<Cluster, 'logFile'>): number {
  return statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
}

function passwordFailure({ folder }: Cluster, cause: unknown): SetUpError {
  const remedy = 'Put back the file postgres.password that was made with it, or delete that folder to begin anew.';
  return new SetUpError(`The PostgreSQL in ${folder} does not take the password beside it. ${remedy}`, { cause });
}

async function startFailure({ folder, logFile }: Cluster, logStart: number): Promise<SetUpError> {
  const log = await readFile(logFile).catch(() => Buffer.alloc(0));
  const ending = log.subarray(logStart).toString('utf8').trim().split('\n').slice(-5).join('\n');
  return new SetUpError(`The PostgreSQL in ${folder} does not start. The end of ${logFile}:\n${ending}`);
}
