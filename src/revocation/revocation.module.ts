import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Instance } from './instance.entity.js';
import { InstanceHeartbeat } from './instance-heartbeat.js';
import { InstancesRepository } from './instances.repository.js';
import { InstancesService } from './instances.service.js';
import { Revocation, RevocationHead, TokenLife } from './revocation.entity.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import { RevocationSync } from './revocation-sync.js';
import { RevocationsPurgeJob } from './revocations-purge.job.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';
import { SyncConnection } from './sync-connection.js';

@Module({
  imports: [TypeOrmModule.forFeature([Revocation, RevocationHead, TokenLife, Instance])],
  providers: [
    SyncConnection,
    RevocationLogRepository,
    RevocationSync,
    RevocationsRepository,
    RevocationsService,
    RevocationsPurgeJob,
    InstancesRepository,
    InstanceHeartbeat,
    InstancesService,
  ],
  exports: [RevocationsService, RevocationSync, InstancesService],
})
export class RevocationModule {}
