import { Global, Module } from '@nestjs/common';

import { Readiness } from '../common/readiness.js';
import { HealthController } from './health.controller.js';

/** Global, so that any module can add what it needs to be ready. */
@Global()
@Module({ controllers: [HealthController], providers: [Readiness], exports: [Readiness] })
export class HealthModule {}
