import { jest } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { developmentSecrets } from '../src/database/development-secrets.js';
import { openEmbeddedPostgres } from '../src/database/embedded-postgres.js';

// Each of these starts processes, on machines that may be busy.
jest.setTimeout(90_000);

describe('embedded PostgreSQL', () => {
  let parent: string;
  let folder: string;
  const holders = new Set<ChildProcess>();

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'portcullis-embedded-'));
    await chmod(parent, 0o711);
    folder = join(parent, 'data');
  });

  afterEach(async () => {
    for (const holder of holders) await leave(holder);
    await (await openEmbeddedPostgres(folder)).release();
  });

  afterAll(() => rm(parent, { recursive: true, force: true }));

  test('four processes that start at once on an empty folder share one server', async () => {
    const urls = await Promise.all([hold(), hold(), hold(), hold()].map((holder) => holder.then(({ url }) => url)));
    expect(new Set(urls).size).toBe(1);
    expect(await query(urls[0]!, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('its data are kept between starts, and it does not run in between', async () => {
    const first = await openEmbeddedPostgres(folder);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.release();
    await expect(query(first.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = await openEmbeddedPostgres(folder);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.release();
  });

  test('it listens on the loopback address only, with a random password, in files for their owner only', async () => {
    const { url, release } = await openEmbeddedPostgres(folder);
    expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(new URL(url).password).toMatch(/^[\w-]{32}$/);
    expect((await stat(join(folder, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'postgres'))).mode & 0o777).toBe(0o700);
    const wrong = Object.assign(new URL(url), { password: 'wrong' });
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await release();
  });

  test('a command started meanwhile joins the running one and does not stop it', async () => {
    const service = await hold();
    const command = await openEmbeddedPostgres(folder);
    expect(command.url).toBe(service.url);
    await command.release();
    expect(await query(service.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await leave(service.process);
    await expect(query(service.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a command that is still at work keeps it when the service that started it stops', async () => {
    const service = await hold();
    const command = await openEmbeddedPostgres(folder);
    await leave(service.process);
    expect(await query(command.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await command.release();
    await expect(query(command.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('one that was orphaned by kill -9 is joined, and stopped by who joined it', async () => {
    const killed = await hold();
    await kill(killed.process.pid!);
    await once(killed.process, 'exit');
    const next = await openEmbeddedPostgres(folder);
    expect(next.url).toBe(killed.url);

    await next.release();
    await expect(query(next.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('it recovers what was committed when service and PostgreSQL were killed', async () => {
    const killed = await hold();
    await query(killed.url, 'CREATE TABLE survivors AS SELECT 7 AS number');
    await kill(await postmasterId());
    await kill(killed.process.pid!);

    const next = await openEmbeddedPostgres(folder);
    expect(await query(next.url, 'SELECT number FROM survivors')).toEqual([{ number: 7 }]);
    await next.release();
  });

  test('a process id that meanwhile belongs to another program does not keep it from starting', async () => {
    const killed = await hold();
    const pidFile = join(folder, 'postgres', 'postmaster.pid');
    const id = await postmasterId();
    const content = await readFile(pidFile, 'utf8');
    await kill(id);
    await kill(killed.process.pid!);
    await writeFile(pidFile, content.replace(String(id), String(process.pid)));

    const next = await openEmbeddedPostgres(folder);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await next.release();
  });

  test('processes that come and go at random always find a server, and the last one leaves none', async () => {
    const visits = Array.from({ length: 12 }, async (_, index) => {
      await sleep(index * 40);
      const visit = await openEmbeddedPostgres(folder);
      expect(await query(visit.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await visit.release();
      return visit.url;
    });
    const urls = await Promise.all(visits);
    await expect(query(urls.at(-1)!, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a folder that cannot be written is refused with what to do', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await expect(openEmbeddedPostgres(join(file, 'data'))).rejects.toThrow(/cannot be used.*DATA_DIR.*DATABASE_URL/);
  });

  test('a folder that the user of PostgreSQL cannot enter is refused with what to do', async () => {
    const closed = join(parent, 'closed');
    await mkdir(closed, { mode: process.getuid?.() === 0 ? 0o700 : 0o500 });
    await expect(openEmbeddedPostgres(join(closed, 'data'))).rejects.toThrow(
      /\/closed\/data cannot be used.*DATA_DIR.*DATABASE_URL/,
    );
  });

  test('a lost password is named, instead of a database that nobody gets into', async () => {
    const file = join(folder, 'postgres.password');
    await rename(file, `${file}.lost`);
    await expect(openEmbeddedPostgres(folder)).rejects.toThrow(/postgres\.password is gone/);
    await rename(`${file}.lost`, file);
  });

  test('a password of another database is named, and does not let the start hang', async () => {
    const [file, service] = [join(folder, 'postgres.password'), await hold()];
    const password = await readFile(file, 'utf8');
    await writeFile(file, 'of another database');
    await expect(openEmbeddedPostgres(folder)).rejects.toThrow(/does not take the password/);
    await writeFile(file, password);
    await leave(service.process);
  });

  test('the secrets of development are made once, for their owner only', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => developmentSecrets(folder)));
    expect(new Set(all.map((secrets) => JSON.stringify(secrets))).size).toBe(1);
    expect((await stat(join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);

    await writeFile(join(folder, 'secrets.json'), '{"KEY_ENCRYPTION_KEY": "short"}');
    await expect(developmentSecrets(folder)).rejects.toThrow(/secrets\.json is damaged/);
  });

  /** Starts another process that takes part. */
  async function hold(): Promise<{ url: string; process: ChildProcess }> {
    const holder = fork(join(process.env.TEST_COMPILED!, 'test/support/embedded-holder.js'), [folder]);
    holders.add(holder);
    const [url] = await once(holder, 'message');
    return { url, process: holder };
  }

  async function leave(holder: ChildProcess): Promise<void> {
    holders.delete(holder);
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const exited = once(holder, 'exit');
    holder.send('leave');
    await exited;
  }

  async function postmasterId(): Promise<number> {
    return Number.parseInt(await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8'), 10);
  }
});

async function kill(id: number): Promise<void> {
  process.kill(id, 'SIGKILL');
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
