import { Global, Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminModule } from './admin/admin.module.js';
import { AuthModule } from './auth/auth.module.js';
import { Clock } from './common/clock.js';
import { Config } from './config.js';
import { DatabaseModule } from './database/database.module.js';
import type { DataSourceExtras } from './database/data-source.js';
import { FeedModule } from './feed/feed.module.js';
import { HealthModule } from './health/health.module.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { PagesModule } from './pages/pages.module.js';

/** What an application built on this one adds: modules of its own, their entities and migrations. */
export interface AppExtras extends DataSourceExtras {
  imports?: ModuleMetadata['imports'];
  /** Another clock, for tests. */
  clock?: Clock;
}

@Global()
@Module({})
class SettingsModule {
  static register(config: Config, clock: Clock): DynamicModule {
    return {
      module: SettingsModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useValue: clock },
      ],
      exports: [Config, Clock],
    };
  }
}

/** All modules, yours included: served by `createApp`, or at the hands of a command, where nothing runs by itself. */
@Module({})
export class AppModule {
  static register(config: Config, extras: AppExtras = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.register(config, extras.clock ?? new Clock()),
        HealthModule,
        DatabaseModule.register(extras),
        AuthModule,
        OAuthModule,
        AdminModule,
        FeedModule,
        ...(config.background ? [ScheduleModule.forRoot(), PagesModule] : []),
        ...(extras.imports ?? []),
      ],
    };
  }
}
