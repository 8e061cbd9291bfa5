import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RateLimit } from './rate-limit.entity.js';
import { RateLimitsPurgeJob } from './rate-limits-purge.job.js';
import { RateLimitsRepository } from './rate-limits.repository.js';
import { RateLimitsService } from './rate-limits.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([RateLimit])],
  providers: [RateLimitsRepository, RateLimitsService, RateLimitsPurgeJob],
  exports: [RateLimitsService],
})
export class LimitsModule {}
