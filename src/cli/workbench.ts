import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import type { Config, Environment } from '../config.js';
import { DatabaseInspection } from '../database/database-inspection.js';
import { openConfig, type Opened } from '../database/development.js';
import { applyMigrations } from '../database/migrator.js';
import { SetUpError } from '../database/set-up-error.js';

/** The services on the database of this configuration, for one command. Nothing of it runs by itself. */
export interface Services {
  readonly config: Config;
  get<T>(type: Type<T>): T;
}

/** Opens the services when a command first needs them: `--help` and a mistyped command need no database. */
export class Workbench {
  private opened: Opened<Config> | null = null;
  private context: INestApplicationContext | null = null;

  constructor(
    readonly env: Environment,
    /** Told once, before anything is done there, that the database is the one of development. */
    private readonly note: (text: string) => void,
  ) {}

  /**
   * Throws a ConfigError or SetUpError that says what to mend, also when migrations are pending that a start would not
   * apply either.
   */
  async open(): Promise<Services> {
    const services = await this.openAsItIs();
    await migrate(services);
    return services;
  }

  /** As `open`, whatever migrations are pending. */
  async openAsItIs(): Promise<Services> {
    const config = await this.configure();
    this.context ??= await NestFactory.createApplicationContext(AppModule.register(config), {
      logger: false,
      abortOnError: false,
    });
    return { config, get: (type) => this.context!.get(type, { strict: false }) };
  }

  /** The configuration alone. Throws as `open`. */
  async configure(): Promise<Config> {
    if (this.opened) return this.opened.value;
    this.opened = await openConfig(this.env, false);
    const { value, embeddedIn } = this.opened;
    if (embeddedIn !== undefined)
      this.note(`This is the development database in ${embeddedIn}: no DATABASE_URL is set.`);
    return value;
  }

  async close(): Promise<void> {
    await this.context?.close();
    await this.opened?.close();
  }
}

async function migrate({ config, get }: Services): Promise<void> {
  const pending = await get(DatabaseInspection).pendingMigrations();
  if (pending.length === 0) return;
  if (!config.migrateOnStart) {
    throw new SetUpError(`The database lacks migrations: ${pending.join(', ')}. Run: npm run migration:run`);
  }
  await applyMigrations(config);
}
