import { DataSource } from 'typeorm';
import { openStore } from './src/database/development.js';
import { migrationDataSourceOptions } from './src/database/data-source.js';

const { value: settings, close } = await openStore(process.env);

/** Lets go of the embedded PostgreSQL too, which otherwise would go on running without anybody using it. */
class CommandLineDataSource extends DataSource {
  override async destroy(): Promise<void> {
    await super.destroy();
    await close();
  }
}

/** For the command line of TypeORM: `npm run build`, then `npx typeorm <command> -d dist/ormconfig.js`. */
export default new CommandLineDataSource({
  ...(await migrationDataSourceOptions(settings)),
  // That command line answers by way of the logger.
  logger: 'advanced-console',
});
