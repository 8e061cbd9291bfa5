import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Revocation, RevocationHead, TokenLife } from './revocation.entity.js';
import { RevocationSync } from './revocation-sync.js';
import { RevocationsPurgeJob } from './revocations-purge.job.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Revocation, RevocationHead, TokenLife])],
  providers: [RevocationsRepository, RevocationSync, RevocationsService, RevocationsPurgeJob],
  exports: [RevocationsService, RevocationSync],
})
export class RevocationModule {}
