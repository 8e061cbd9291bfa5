import { Global, Module } from '@nestjs/common';

import { Metrics } from '../common/metrics/metrics.js';
import { Readiness } from '../common/readiness.js';
import { HealthController } from './health.controller.js';
import { MetricsServer } from './metrics-server.js';

/** Global, so that any module can add what it needs to be ready, and count what it does. */
@Global()
@Module({
  controllers: [HealthController],
  providers: [Readiness, Metrics, MetricsServer],
  exports: [Readiness, Metrics],
})
export class HealthModule {}
