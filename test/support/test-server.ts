import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { createDatabase, dropDatabase, installTestClock } from './admin.js';
import { applyMigrations } from '../../src/database/migrator.js';

/** The database server of a test run: that of TEST_DATABASE_URL, or one of its own in a temporary folder. */
async function openServer(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, close: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-test-'));
  // As root, PostgreSQL runs as another user, who has to pass.
  await chmod(folder, 0o711);
  // Nothing here has to survive a power cut.
  const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };
  const server = await openEmbeddedPostgres(folder, fast);
  const close = async () => {
    await server.release();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: server.url, close };
}

const disconnected = new Promise((resolve) => process.once('disconnect', resolve));
// Ctrl-C in the terminal reaches this process too, but Jest decides when the run is over.
process.on('SIGINT', () => undefined);

const template = `portcullis_template_${randomBytes(4).toString('hex')}`;
const server = await openServer();
try {
  const databaseUrl = await createDatabase(server.url, template);
  await installTestClock(databaseUrl);
  await applyMigrations({ databaseUrl, databasePoolSize: 2 });
  process.send?.({ adminUrl: server.url, template });
  await disconnected;
} finally {
  await dropDatabase(server.url, template);
  await server.close();
  // Jest does so too, unless it was killed.
  await rm(join(import.meta.dirname, '..', '..'), { recursive: true, force: true });
}
