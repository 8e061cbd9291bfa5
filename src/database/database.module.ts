import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { withoutStack } from '../common/errors/database-error.js';
import { Config } from '../config.js';
import { dataSourceOptions, type DataSourceExtras } from './data-source.js';
import { Database } from './database.js';
import { DatabaseClock } from './database-clock.js';
import { DatabaseInspection } from './database-inspection.js';
import { DatabaseHealthRepository } from './database-health.repository.js';
import { DatabaseReadiness } from './database-readiness.js';
import { FleetJobs } from './fleet-jobs.js';

/** The connection to PostgreSQL, for every module. `extras`: entities and migrations that are not the service's own. */
@Global()
@Module({})
export class DatabaseModule {
  static register(extras: DataSourceExtras = {}): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Config],
          useFactory: async (config: Config) => ({
            ...(await dataSourceOptions(config, extras)),
            // An instance waits for a database that is just starting; who gave a command wants to know.
            ...(!config.background && { retryAttempts: 1 }),
            verboseRetryLog: true,
          }),
          dataSourceFactory: connect,
        }),
      ],
      providers: [Database, DatabaseClock, DatabaseHealthRepository, DatabaseReadiness, DatabaseInspection, FleetJobs],
      exports: [Database, DatabaseClock, DatabaseInspection, FleetJobs],
    };
  }
}

/** Called anew for each try. Nest logs each that fails, on one line. */
async function connect(options?: DataSourceOptions): Promise<DataSource> {
  try {
    return await new DataSource(options!).initialize();
  } catch (error) {
    throw withoutStack(error);
  }
}
