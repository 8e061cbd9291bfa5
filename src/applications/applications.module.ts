import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LimitsModule } from '../limits/limits.module.js';
import { ApplicationCredential } from './application-credential.entity.js';
import { ApplicationCredentialsRepository } from './application-credentials.repository.js';
import { ApplicationCredentials } from './application-credentials.service.js';
import { ApplicationRegistryRepository } from './application-registry.repository.js';
import { ApplicationRegistry } from './application-registry.service.js';
import { Application } from './application.entity.js';
import { ApplicationsRepository } from './applications.repository.js';
import { ApplicationsService } from './applications.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Application, ApplicationCredential]), LimitsModule],
  providers: [
    ApplicationsRepository,
    ApplicationsService,
    ApplicationRegistryRepository,
    ApplicationRegistry,
    ApplicationCredentialsRepository,
    ApplicationCredentials,
  ],
  exports: [ApplicationsService, ApplicationRegistry, ApplicationCredentials],
})
export class ApplicationsModule {}
