import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.js';

// A process that takes part in the embedded PostgreSQL of a folder until it is told to leave, or is killed.
const { url, release } = await openEmbeddedPostgres(process.argv[2]!);
process.send?.(url);
process.once('message', async () => {
  await release();
  process.disconnect();
});
