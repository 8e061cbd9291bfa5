import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditEvent } from './audit-event.entity.js';
import { AuditPurgeJob } from './audit-purge.job.js';
import { AuditRepository } from './audit.repository.js';
import { AuditTrailRepository } from './audit-trail.repository.js';
import { AuditTrailService } from './audit-trail.service.js';
import { AuditService } from './audit.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([AuditEvent])],
  providers: [AuditRepository, AuditService, AuditTrailRepository, AuditTrailService, AuditPurgeJob],
  exports: [AuditService, AuditTrailService],
})
export class AuditModule {}
