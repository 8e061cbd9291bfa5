import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Another session is connected to the template at this moment: CREATE DATABASE wants it for itself. */
const TEMPLATE_IN_USE = '55006';
const MOST_TRIES = 100;

/** Creates a database on the server of this address, as a copy of the template if one is given. Returns its address. */
export async function createDatabase(adminUrl: string, name: string, template?: string): Promise<string> {
  await withClient(adminUrl, async (client) => {
    const source = template === undefined ? '' : ` TEMPLATE ${template}`;
    await untilFree(() => client.query(`CREATE DATABASE ${name}${source}`));
    if (template !== undefined) await useTestClock(client, name);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

/**
 * Gives a database functions of its own in front of `now()` and its kind, so that every statement that calls them
 * unqualified follows `test_clock.clock`, and the service has no code for tests.
 */
export async function installTestClock(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query('CREATE SCHEMA test_clock');
    await client.query('CREATE TABLE test_clock.clock (shift interval NOT NULL)');
    await client.query("INSERT INTO test_clock.clock VALUES ('0')");
    for (const name of ['now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp']) {
      const volatility = name === 'clock_timestamp' ? 'VOLATILE' : 'STABLE';
      await client.query(
        `CREATE FUNCTION test_clock.${name}() RETURNS timestamptz LANGUAGE sql ${volatility}
         RETURN pg_catalog.${name}() + (SELECT shift FROM test_clock.clock)`,
      );
    }
    await useTestClock(client, new URL(databaseUrl).pathname.slice(1));
  });
}

/** Settings of a database do not come along with a copy of it. `public` is first: there new tables go. */
async function useTestClock(client: pg.Client, name: string): Promise<void> {
  await client.query(`ALTER DATABASE ${name} SET search_path = public, test_clock, pg_catalog`);
}

async function untilFree(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (cause) {
      const busy = cause instanceof pg.DatabaseError && cause.code === TEMPLATE_IN_USE;
      if (!busy || tries === MOST_TRIES) throw cause;
      await sleep(100);
    }
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
