import { once } from 'node:events';
import { databaseErrorCode } from '../src/common/errors/database-error.js';
import { Database } from '../src/database/database.js';
import { startService } from './support/service.js';

test('a connection that breaks between two statements of a transaction is trouble of the database, not of ours', async () => {
  const service = await startService();
  const database = service.app.get(Database, { strict: false });
  const failure = await database
    .transaction(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      const { connection } = (tx.manager.queryRunner as unknown as { databaseConnection: { connection: never } })
        .databaseConnection;
      const ended = once(connection, 'end');
      await service.db.query('select pg_terminate_backend($1)', [row!.pid]);
      await ended;
      await tx.query('select 1');
    })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(databaseErrorCode(failure)).toBe('unavailable');
  await service.stop();
});
