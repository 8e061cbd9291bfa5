import { jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmptyDatabase } from './support/create-database.js';
import { poll } from './support/poll.js';

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://account.example.com',
  HOST: '127.0.0.1',
  PORT: '0',
  KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  REFRESH_TOKEN_KEYS: `a:${randomBytes(32).toString('base64')}`,
};

// Each of these starts processes, on machines that may be busy.
jest.setTimeout(90_000);

describe('starting and stopping the service', () => {
  let folder: string;
  const services = new Set<Service>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portcullis-start-'));
    await chmod(folder, 0o711);
  });
  afterEach(async () => {
    for (const service of services) await service.kill();
    services.clear();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('with nothing configured it makes its database and secrets, says where it is, and shows no secret', async () => {
    const service = start({ PORT: '0', DATA_DIR: join(folder, 'data') });
    const ready = await fetch(`${await service.address()}/health/ready`);
    expect(ready.status).toBe(200);
    expect(service.output()).toContain(join(folder, 'data'));

    await service.stop('SIGTERM');
    expect(service.exitCode()).toBe(0);
    const secrets = Object.values(JSON.parse(await readFile(join(folder, 'data/secrets.json'), 'utf8')) as object);
    const password = (await readFile(join(folder, 'data/postgres.password'), 'utf8')).trim();
    for (const secret of [...secrets, password]) expect(service.output()).not.toContain(secret);
    await expect(readFile(join(folder, 'data/postgres/postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s stops it with code 0, and what it kept is there again',
    async (signal) => {
      const settings = { PORT: '0', DATA_DIR: join(folder, 'data') };
      const first = start(settings);
      const keys = await (await fetch(`${await first.address()}/.well-known/jwks.json`)).json();
      await first.stop(signal);
      expect(first.exitCode()).toBe(0);

      const second = start(settings);
      expect(await (await fetch(`${await second.address()}/.well-known/jwks.json`)).json()).toEqual(keys);
    },
  );

  test('a stop while it is still starting ends it with code 0, and leaves no PostgreSQL', async () => {
    const service = start({ PORT: '0', DATA_DIR: join(folder, 'interrupted') });
    await poll(() =>
      readFile(join(folder, 'interrupted/postgres.password')).then(
        () => true,
        () => false,
      ),
    );
    await service.stop('SIGTERM');
    expect(service.exitCode()).toBe(0);
    await expect(readFile(join(folder, 'interrupted/postgres/postmaster.pid'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('a port in use is explained, and the PostgreSQL that was started is stopped', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const service = start({ PORT: String(port), DATA_DIR: join(folder, 'data') });
    await service.ended();
    other.close();
    expect(service.exitCode()).toBe(1);
    expect(service.output()).toContain('set PORT to another one');
    await expect(readFile(join(folder, 'data/postgres/postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('every fault of the configuration is listed at once, without a stack', async () => {
    const service = start({ NODE_ENV: 'production', PORT: 'http' });
    await service.ended();
    expect(service.exitCode()).toBe(1);
    for (const name of ['PORT', 'PUBLIC_URL', 'DATABASE_URL', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS']) {
      expect(service.output()).toMatch(new RegExp(`^ {2}${name} (must|is missing)`, 'm'));
    }
    expect(service.output()).not.toContain('    at ');
  });

  const NOWHERE = { ...production, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };

  test('a database that is not there is told in a sentence, without a stack: 1', async () => {
    const service = start({ ...NOWHERE, MIGRATE_ON_START: 'true' });
    await service.ended();
    expect(service.exitCode()).toBe(1);
    expect(service.output()).toMatch(/^The database cannot be used now: .*ECONNREFUSED.*\n$/);
  });

  test('where it does not migrate it waits for its database, and says so on one line for each try', async () => {
    const service = start({ ...NOWHERE, MIGRATE_ON_START: 'false' });
    await poll(() => service.output().includes('Retrying (2)'), 60);
    await service.stop('SIGKILL');
    expect(service.output()).toMatch(/"Unable to connect to the database\. Message: .*ECONNREFUSED.* Retrying \(1\)/);
    expect(service.output()).not.toMatch(/ {4}at /);
  });

  test('in production it does not migrate by itself: alive, not ready, and it names what is pending', async () => {
    const db = await createEmptyDatabase();
    const service = start({ ...production, DATABASE_URL: db.url });
    const address = await service.address();
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    const ready = await fetch(`${address}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('CreateUsers');
    expect(await db.query(`SELECT to_regclass('users') AS users`)).toEqual([{ users: null }]);
    await service.stop('SIGTERM');
    expect(service.exitCode()).toBe(0);
    await db.drop();
  });

  test('two that start at once on one empty database migrate it once, and both become ready', async () => {
    const db = await createEmptyDatabase();
    const settings = { ...production, DATABASE_URL: db.url, MIGRATE_ON_START: 'true' };
    const both = [start(settings), start(settings)];
    for (const service of both) {
      expect((await fetch(`${await service.address()}/health/ready`)).status).toBe(200);
    }
    const rows = await db.query('SELECT name FROM migrations GROUP BY name HAVING count(*) > 1');
    expect(rows).toEqual([]);
    for (const service of both) await service.stop('SIGTERM');
    await db.drop();
  });

  test('run by npm, it stops when npm is told to, though the shell between them does not pass the signal on', async () => {
    // As npm does it: a shell that waits for the program, and ends of the signal itself.
    const program = join(process.env.TEST_COMPILED!, 'src/main.js');
    const settings = { PORT: '0', DATA_DIR: join(folder, 'data'), npm_lifecycle_event: 'start' };
    const service = start(settings, ['/bin/sh', ['-c', `"${process.execPath}" "${program}"; true`]]);
    const address = await service.address();
    await service.stop('SIGTERM');
    await poll(() =>
      fetch(address).then(
        () => false,
        () => true,
      ),
    );
    await poll(() =>
      readFile(join(folder, 'data/postgres/postmaster.pid')).then(
        () => false,
        () => true,
      ),
    );
  });

  function start(env: Record<string, string>, [command, args] = program()): Service {
    const service = new Service(spawn(command, args, { env: { PATH: process.env.PATH, ...env } }));
    services.add(service);
    return service;
  }
});

function program(): [string, string[]] {
  return [process.execPath, [join(process.env.TEST_COMPILED!, 'src/main.js')]];
}

/** A service in a process of its own. */
class Service {
  private text = '';
  private readonly closed: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    child.stdout!.on('data', (chunk) => (this.text += chunk));
    child.stderr!.on('data', (chunk) => (this.text += chunk));
    this.closed = once(child, 'exit');
  }

  output(): string {
    return this.text;
  }

  exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Where it listens, once it says so. */
  async address(): Promise<string> {
    const pattern = /listening at (http:\/\/127\.0\.0\.1:\d+)/;
    await poll(() => {
      if (this.child.exitCode !== null) throw new Error(`It ended: ${this.text}`);
      return pattern.test(this.text);
    }, 60);
    return pattern.exec(this.text)![1]!;
  }

  async ended(): Promise<void> {
    await this.closed;
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.closed;
  }

  /** Whatever a failed test left running. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.stop('SIGTERM');
  }
}
