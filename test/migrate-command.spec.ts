import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMigration } from '../src/database/migration-template.js';
import { loadMigrations } from '../src/database/source-files.js';
import { createEmptyDatabase, type TestDatabase } from './support/create-database.js';

describe('the migration commands', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createEmptyDatabase();
  });
  afterAll(() => db.drop());

  test('show, run, revert and drift tell what they did, in production without any secret of the service', async () => {
    const names = (await loadMigrations()).map(({ name }) => name);
    const lines = (prefix: string) => names.map((name) => `${prefix} ${name}\n`).join('');

    expect(await migrate('show')).toEqual({ code: 0, out: lines('[ ]'), err: '' });
    expect(await migrate('drift')).toMatchObject({ code: 1, err: expect.stringContaining(names[0]!) });
    expect(await migrate('run')).toEqual({ code: 0, out: lines('applied'), err: '' });
    expect(await migrate('run')).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to do') });
    expect(await migrate('show')).toEqual({ code: 0, out: lines('[X]'), err: '' });
    expect(await migrate('drift')).toMatchObject({ code: 0, out: expect.stringContaining('No drift') });
    expect(await migrate('revert')).toMatchObject({ code: 0, out: `reverted ${names.at(-1)}\n` });
    expect(await migrate('run')).toMatchObject({ code: 0, out: `applied ${names.at(-1)}\n` });
  });

  test('drift fails and prints the statements that would mend it', async () => {
    await migrate('run');
    await db.query('ALTER TABLE users ADD COLUMN stray text');
    const { code, err } = await migrate('drift');
    expect(code).toBe(1);
    expect(err).toContain('ALTER TABLE "users" DROP COLUMN "stray"');
  });

  test('the command line of TypeORM works too: it shows the same migrations, and reverts and runs the last one', async () => {
    await migrate('run');
    const names = (await loadMigrations()).map(({ name }) => name);
    const last = names.at(-1)!;
    const shown = async () => [...(await typeorm('migration:show')).out.matchAll(/\[([ X])\] (?:\d+ )?(\w+)/g)];

    expect((await shown()).map(([, applied, name]) => [applied, name])).toEqual(names.map((name) => ['X', name]));
    expect(await typeorm('migration:revert')).toMatchObject({ code: 0, out: expect.stringContaining(last) });
    expect((await migrate('show')).out).toContain(`[ ] ${last}\n`);
    expect(await typeorm('migration:run')).toMatchObject({ code: 0, out: expect.stringContaining(last) });
    expect((await migrate('show')).out).toContain(`[X] ${last}\n`);
  });

  test('faults of the configuration and unknown commands are explained without a stack', async () => {
    const wrong = await migrate('run', { DATABASE_URL: 'nonsense', DATABASE_POOL_SIZE: 'many' });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(
      /^2 settings have to be mended:\n {2}DATABASE_URL must .*\n {2}DATABASE_POOL_SIZE must .*\n$/,
    );
    expect(await migrate('constructor')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Say what to do: run.*\n$/),
    });
  });

  test('create writes a migration named by words and time, and never over another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-migrations-'));
    const path = await createMigration(folder, 'Add user_locale', 1_900_000_000_000);
    expect(basename(path)).toBe('1900000000000-add-user-locale.ts');
    expect(await readFile(path, 'utf8')).toContain('export class AddUserLocale1900000000000 implements');
    await expect(createMigration(folder, 'add user locale', 1_900_000_000_000)).rejects.toThrow(/EEXIST/);
    await expect(createMigration(folder, '  ', 1_900_000_000_000)).rejects.toThrow(/needs a name/);
    await rm(folder, { recursive: true });
  });

  /** Runs the compiled command as an operator does. */
  function migrate(command: string, env: Record<string, string> = {}) {
    const program = join(process.env.TEST_COMPILED!, 'src/database/migrate.command.js');
    return run(['--disable-warning=DeprecationWarning', program, command], env);
  }

  /** The same by `npx typeorm`. */
  function typeorm(command: string) {
    const program = fileURLToPath(import.meta.resolve('typeorm/cli.js'));
    return run([program, command, '-d', join(process.env.TEST_COMPILED!, 'ormconfig.js')]);
  }

  function run(words: string[], env: Record<string, string> = {}) {
    const all = { PATH: process.env.PATH, NODE_ENV: 'production', DATABASE_URL: db.url, ...env };
    return new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile(process.execPath, words, { env: all }, (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err });
      });
    });
  }
});
