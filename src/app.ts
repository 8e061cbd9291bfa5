import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import { ApplicationsService } from './applications/applications.service.js';
import { LiveGuard } from './auth/live/live-guard.js';
import { createHttpApplication } from './common/http/http-application.js';
import type { HttpOptions } from './common/http/http-application.js';
import type { Config } from './config.js';
import { ApiReference } from './pages/api-reference.js';

export interface AppOptions extends HttpOptions {
  /** What to boot instead of `AppModule.register(config)`; it must contain AuthModule, PagesModule and HealthModule. */
  module?: DynamicModule | Type;
}

/** The whole service, ready to `listen`. Signals are the caller's: `close()` finishes the requests being answered. */
export async function createApp(config: Config, options: AppOptions = {}): Promise<NestFastifyApplication> {
  const app = await createHttpApplication(config, options.module ?? AppModule.register(config), {
    origins: (app) => {
      const applications = app.get(ApplicationsService, { strict: false });
      return {
        allows: (origin) => applications.allowsOrigin(origin),
        disabledAt: (origin) => applications.disabledAt(origin),
      };
    },
    ...options,
  });
  app.get(ApiReference, { strict: false }).describe(app);
  app.get(LiveGuard, { strict: false }).attach(app);
  return app;
}
