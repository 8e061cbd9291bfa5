import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { row, type Row } from './report.js';
import { BenchService } from './service.js';

const SESSIONS = 20_000;
const SECONDS = 5;
/** Requests at a time. */
const AT_ONCE = 16;

/** What one PostgreSQL has to do for each act, in bytes of log and of tables, and how many a second this machine does. */
export async function measureCapacity(databaseUrl: string): Promise<Row[]> {
  const env = { DATABASE_POOL_SIZE: String(AT_ONCE), RATE_LIMITS: 'off' };
  const service = await BenchService.start(databaseUrl, undefined, env);
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const { refreshTokens } = await service.ask('sessions', SESSIONS);
  const post = async (path: string, body: unknown) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(service.url + path, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  // The image of a page that is changed for the first time since a checkpoint belongs to it, and is in the log once.
  await database.query('checkpoint');
  const measured = {
    Refresh: await measure(database, (n) => post('/v1/auth/refresh', { refreshToken: refreshTokens[n] })),
    'Sign-out': await measure(database, (n) => post('/v1/auth/logout', { refreshToken: refreshTokens.at(-1 - n) })),
    'Registration with sign-in': await measure(database, () =>
      post('/v1/auth/register', { email: `${randomUUID()}@example.com`, password: randomUUID(), delivery: 'body' }),
    ),
  };
  const sizes = await sizesOf(database);
  await database.end();
  service.stop();
  return [
    ...Object.entries(measured).map(([what, { rate, bytes }]) =>
      row(what, `${Math.round(rate)} a second`, '', `${Math.round(bytes)} bytes of write-ahead log each`),
    ),
    ...sizes.map(({ table, bytes }) => row(`A row of ${table}`, `${bytes} bytes`, '', 'with its indexes')),
  ];
}

/** The rate of an act done `AT_ONCE` at a time, and the write-ahead log that each leaves. */
async function measure(
  database: pg.Client,
  act: (n: number) => Promise<void>,
): Promise<{ rate: number; bytes: number }> {
  let done = 0;
  const [before, start] = [await position(database), performance.now()];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() - start < SECONDS * 1000 && done < SESSIONS / 2) await act(done++);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  return { rate: done / seconds, bytes: ((await position(database)) - before) / done };
}

async function position(database: pg.Client): Promise<number> {
  const { rows } = await database.query("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes");
  return rows[0].bytes;
}

async function sizesOf(database: pg.Client): Promise<{ table: string; bytes: number }[]> {
  await database.query('vacuum full users, sessions, revocations, audit_events');
  const { rows } = await database.query(
    `select relname as table, round(pg_total_relation_size(oid) / greatest(reltuples, 1))::int as bytes
       from pg_class where relname in ('users', 'sessions', 'revocations', 'audit_events') and reltuples > 100
      order by relname`,
  );
  return rows;
}
