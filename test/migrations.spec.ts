import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { applyMigrations, findDrift, pendingMigrations, revertLastMigration } from '../src/database/migrator.js';
import { loadMigrations } from '../src/database/source-files.js';
import { createEmptyDatabase, type TestDatabase } from './support/create-database.js';
import { poll } from './support/poll.js';
import { snapshotSchema } from './support/schema-snapshot.js';

/** Says how often it ran: nothing keeps its row from being there twice. */
class CountRuns1900000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE IF NOT EXISTS runs (at timestamptz)');
    await runner.query('INSERT INTO runs VALUES (now())');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE runs');
  }
}

class IndexConcurrently1900000000002 implements MigrationInterface {
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX CONCURRENTLY runs_at ON runs (at)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY runs_at');
  }
}

class Broken1900000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half_done (id int)');
    await runner.query('SELECT 1 / 0');
  }
  async down(): Promise<void> {}
}

class Locking1900000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE runs ADD COLUMN note text');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE runs DROP COLUMN note');
  }
}

describe('migrations', () => {
  let db: TestDatabase;
  let settings: { databaseUrl: string; databasePoolSize: number };

  beforeEach(async () => {
    db = await createEmptyDatabase();
    settings = { databaseUrl: db.url, databasePoolSize: 2 };
  });
  afterEach(() => db.drop());

  test('run exactly once when many instances start at the same time', async () => {
    const extras = { migrations: [CountRuns1900000000001] };
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map(() => applyMigrations(settings, extras)));

    const applied = results.filter((names) => names.length > 0);
    const names = [...(await loadMigrations()), CountRuns1900000000001].map(({ name }) => name);
    expect(applied).toEqual([names]);
    expect(await db.query('SELECT count(*)::int AS runs FROM runs')).toEqual([{ runs: 1 }]);
  });

  test('up, all the way down, and up again leave the same tables; down leaves nothing', async () => {
    const names = await applyMigrations(settings);
    const first = await snapshotSchema(db);
    expect(first.length).toBeGreaterThan(names.length);

    for (const name of names.toReversed()) expect(await revertLastMigration(settings)).toBe(name);
    expect(await revertLastMigration(settings)).toBeUndefined();
    expect(await snapshotSchema(db)).toEqual([]);

    expect(await applyMigrations(settings)).toEqual(names);
    expect(await snapshotSchema(db)).toEqual(first);
  });

  test('make exactly the tables that the entities describe', async () => {
    await applyMigrations(settings);
    expect(await findDrift(settings)).toEqual([]);
  });

  test('a column or index that only the tables have is reported as drift', async () => {
    await applyMigrations(settings);
    await db.query('ALTER TABLE users ADD COLUMN stray text');
    await db.query('CREATE INDEX stray_index ON users (created_at)');
    const drift = (await findDrift(settings)).join();
    expect(drift).toContain('"stray"');
    expect(drift).toContain('"stray_index"');
  });

  test('pending ones are named until they are applied', async () => {
    const all = (await loadMigrations()).map(({ name }) => name);
    const database = { query: (sql: string) => db.query(sql) };
    expect(await pendingMigrations(database)).toEqual(all);

    await applyMigrations(settings);
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await pendingMigrations(database, { migrations: [Broken1900000000003] })).toEqual(['Broken1900000000003']);
  });

  test('one that fails leaves nothing of itself, and all that came before it', async () => {
    const migrations = [CountRuns1900000000001, Broken1900000000003];
    await expect(applyMigrations(settings, { migrations })).rejects.toThrow('division by zero');

    const database = { query: (sql: string) => db.query(sql) };
    expect(await pendingMigrations(database, { migrations })).toEqual(['Broken1900000000003']);
    expect(await db.query(`SELECT to_regclass('half_done') AS "table"`)).toEqual([{ table: null }]);
  });

  test('an index is built concurrently while other instances wait, and taken away again', async () => {
    const extras = { migrations: [CountRuns1900000000001, IndexConcurrently1900000000002] };
    await Promise.all([1, 2, 3].map(() => applyMigrations(settings, extras)));
    const valid = `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('runs_at')`;
    expect(await db.query(valid)).toEqual([{ indisvalid: true }]);

    expect(await revertLastMigration(settings, extras)).toBe('IndexConcurrently1900000000002');
    expect(await db.query(valid)).toEqual([]);
  });

  test('one that cannot have its lock lets the traffic behind it through, and succeeds when the lock is free', async () => {
    const migrations = [CountRuns1900000000001];
    await applyMigrations(settings, { migrations });
    const longRead = new pg.Client({ connectionString: db.url });
    await longRead.connect();
    await longRead.query('BEGIN');
    await longRead.query('SELECT FROM runs');

    const migrating = applyMigrations(settings, { migrations: [...migrations, Locking1900000000004] });
    await poll(
      async () =>
        (await db.query(`SELECT FROM pg_locks WHERE relation = 'runs'::regclass AND NOT granted`)).length === 1,
    );
    // Queued behind the migration, this can only be answered because the migration gives up its place.
    expect(await db.query('SELECT count(*)::int AS runs FROM runs')).toEqual([{ runs: 1 }]);

    await longRead.query('COMMIT');
    await longRead.end();
    expect(await migrating).toEqual(['Locking1900000000004']);
  });
});
