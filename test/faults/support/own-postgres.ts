import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { prepareCluster, SUPERUSER, type Cluster } from '../../../src/database/postgres-cluster.js';
import { poll } from '../../support/poll.js';

/** How PostgreSQL is asked to end: as an operator does, as a failing machine does. */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** A PostgreSQL server that a test may stop, crash and start again, on the same port, with what was committed. */
export class OwnPostgres {
  private child: ChildProcess | undefined;

  private constructor(
    /** A temporary folder, with the cluster and what is copied of it. */
    readonly home: string,
    readonly cluster: Cluster,
    readonly port: number,
  ) {}

  static async create(): Promise<OwnPostgres> {
    const home = await mkdtemp(join(tmpdir(), 'portcullis-faults-'));
    // As root, PostgreSQL runs as another user, who has to pass.
    await chmod(home, 0o711);
    const server = new OwnPostgres(home, await prepareCluster(home), await findFreePort());
    await server.start();
    await server.query('create database portcullis', [], 'postgres');
    return server;
  }

  /** Another server on a copy of this one's folder. */
  async beside(folder: string): Promise<OwnPostgres> {
    const server = new OwnPostgres(this.home, { ...this.cluster, folder }, await findFreePort());
    await server.start();
    return server;
  }

  url(database = 'portcullis'): string {
    return `postgres://${SUPERUSER}:${this.cluster.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Until it takes connections. */
  async start(): Promise<void> {
    const { binaries, folder, account, logFile } = this.cluster;
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: '',
      max_connections: '100',
      // A commit is in the hands of the system before it is answered, so it survives whatever happens to the server;
      // nobody pulls the plug of this machine.
      fsync: 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(logFile, 'a');
    this.child = spawn(binaries.postgres, ['-D', folder, ...flags], {
      ...account,
      cwd: folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await poll(() => {
      if (!this.runs()) throw new Error(`PostgreSQL ended:\n${readFileSync(logFile, 'utf8').slice(-1_000)}`);
      return this.query('select 1', [], 'postgres').then(Boolean, () => false);
    }, 60);
  }

  async stop(mode: keyof typeof SIGNALS): Promise<void> {
    const child = this.child;
    if (!child || !this.runs()) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(SIGNALS[mode]);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop('immediate');
    await rm(this.home, { recursive: true, force: true });
  }

  /** One statement on a connection of its own. */
  async query<Row>(sql: string, parameters: unknown[] = [], database = 'portcullis'): Promise<Row[]> {
    return this.connected(async (client) => (await client.query(sql, parameters)).rows as Row[], database);
  }

  /** Some work on a connection of its own, which ends with it: an open transaction is rolled back. */
  async connected<T>(work: (client: pg.Client) => Promise<T>, database?: string): Promise<T> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 5_000 });
    // It may be ended by what else a test does to the server.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private runs(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
