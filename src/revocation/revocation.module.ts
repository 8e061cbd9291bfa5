import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { FleetReadiness } from './fleet-readiness.js';
import { FleetService } from './fleet.service.js';
import { Instance } from './instance.entity.js';
import { InstanceHeartbeat } from './instance-heartbeat.js';
import { InstancesPurgeJob } from './instances-purge.job.js';
import { InstancesRepository } from './instances.repository.js';
import { InstancesService } from './instances.service.js';
import { Revocation, RevocationHead, TokenLife } from './revocation.entity.js';
import { FullCompare } from './full-compare.js';
import { LostState } from './lost-state.js';
import { PutBackRepository } from './put-back.repository.js';
import { PutBackService } from './put-back.service.js';
import { RevocationHints } from './revocation-hints.js';
import { RevocationHeadRepository } from './revocation-head.repository.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import { RevocationSync } from './revocation-sync.js';
import { RevocationsInForceRepository } from './revocations-in-force.repository.js';
import { RevocationsInForceService } from './revocations-in-force.service.js';
import { RevocationsPurgeJob } from './revocations-purge.job.js';
import { RevocationsSweepJob } from './revocations-sweep.job.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';
import { SyncConnection } from './sync-connection.js';
import { TokenLivesRepository } from './token-lives.repository.js';
import { TokenLivesService } from './token-lives.service.js';
import { TokenDenialService } from './token-denial.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Revocation, RevocationHead, TokenLife, Instance]), AuditModule],
  providers: [
    SyncConnection,
    RevocationLogRepository,
    RevocationHints,
    LostState,
    PutBackRepository,
    PutBackService,
    RevocationSync,
    FullCompare,
    RevocationsRepository,
    RevocationsService,
    TokenLivesRepository,
    TokenLivesService,
    TokenDenialService,
    RevocationsInForceRepository,
    RevocationsInForceService,
    InstancesPurgeJob,
    RevocationsPurgeJob,
    RevocationsSweepJob,
    InstancesRepository,
    InstanceHeartbeat,
    InstancesService,
    RevocationHeadRepository,
    FleetService,
    FleetReadiness,
  ],
  exports: [
    RevocationsService,
    RevocationSync,
    TokenLivesService,
    TokenDenialService,
    RevocationsInForceService,
    InstancesService,
    FleetService,
    LostState,
  ],
})
export class RevocationModule {}
