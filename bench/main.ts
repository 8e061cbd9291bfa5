import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedPostgres } from '../src/database/embedded-postgres.js';
import { measureCapacity } from './capacity.js';
import { measureExpress } from './express.js';
import { measureFollowers } from './followers.js';
import { measureIndexLoad } from './index-load.js';
import { measureOperators } from './operators.js';
import { measurePropagation } from './propagation.js';
import { measureProtectedRoute } from './protected-route.js';
import { measurePurge } from './purge.js';
import { measureRefresh } from './refresh.js';
import { toMarkdown, type Row } from './report.js';
import { measureSessionEnds } from './session-ends.js';
import { measureSignInStorm } from './sign-in-storm.js';

const benchmarks: Record<string, (databaseUrl: string) => Promise<Row[]>> = {
  operators: measureOperators,
  'protected-route': measureProtectedRoute,
  refresh: measureRefresh,
  'session-ends': measureSessionEnds,
  purge: measurePurge,
  propagation: measurePropagation,
  followers: measureFollowers,
  express: measureExpress,
  'index-load': measureIndexLoad,
  'sign-in-storm': measureSignInStorm,
  capacity: measureCapacity,
};

const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
await chmod(folder, 0o711);
// As durable as in production: every commit reaches the disk.
const server = await openEmbeddedPostgres(folder);
const rows: Row[] = [];
try {
  for (const [name, measure] of Object.entries(benchmarks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    rows.push(...(await measure(await createDatabase(server.url, name.replaceAll('-', '_')))));
  }
} finally {
  await server.release();
  await rm(folder, { recursive: true, force: true });
}
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
console.log(toMarkdown(rows));

async function createDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
