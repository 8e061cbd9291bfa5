import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { ApplicationAdministrationService } from './application-administration.service.js';
import { ApplicationSignOutService } from './application-sign-out.service.js';
import { LastActivityService } from './last-activity.service.js';
import { LostSessions } from './lost-sessions.js';
import { RefreshInspectionService } from './refresh-inspection.service.js';
import { RefreshRepository } from './refresh.repository.js';
import { RefreshService } from './refresh.service.js';
import { SessionTokensService } from './session-tokens.service.js';
import { SessionAdministrationService } from './session-administration.service.js';
import { SessionEndings } from './session-endings.js';
import { SessionEndsRepository } from './session-ends.repository.js';
import { SessionEndsService } from './session-ends.service.js';
import { SessionErasure } from './session-erasure.js';
import { SessionSignals } from './session-signals.js';
import { Session } from './session.entity.js';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';
import { SessionsPurgeJob } from './sessions-purge.job.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { SignInSessionsService } from './sign-in-sessions.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Session]),
    ApplicationsModule,
    AuditModule,
    RevocationModule,
    TokensModule,
    UsersModule,
  ],
  controllers: [SessionsController],
  providers: [
    SessionsRepository,
    RefreshRepository,
    SessionEndsRepository,
    SessionUpkeepRepository,
    SessionsService,
    SessionAdministrationService,
    ApplicationAdministrationService,
    ApplicationSignOutService,
    SessionEndings,
    SessionEndsService,
    SignInSessionsService,
    RefreshService,
    RefreshInspectionService,
    SessionTokensService,
    LastActivityService,
    SessionSignals,
    SessionErasure,
    SessionsPurgeJob,
    LostSessions,
  ],
  exports: [
    SessionsService,
    SessionAdministrationService,
    ApplicationAdministrationService,
    ApplicationSignOutService,
    SignInSessionsService,
    RefreshService,
    RefreshInspectionService,
    LastActivityService,
    SessionSignals,
  ],
})
export class SessionsModule {}
