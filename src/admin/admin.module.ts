import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminApplicationsController } from './admin-applications.controller.js';
import { AdminAuditController } from './admin-audit.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AdminRevocationsController } from './admin-revocations.controller.js';
import { AdminSessionsController } from './admin-sessions.controller.js';
import { AdminUsersController } from './admin-users.controller.js';
import { PersonSessionsController } from './person-sessions.controller.js';
import { RevokingService } from './revoking.service.js';

/** What operators, and applications in their place, do over REST. Its rules are in the services that the commands call too. */
@Module({
  imports: [ApplicationsModule, AuditModule, RevocationModule, KeysModule, UsersModule, SessionsModule],
  controllers: [
    AdminUsersController,
    AdminApplicationsController,
    AdminSessionsController,
    AdminRevocationsController,
    AdminKeysController,
    AdminAuditController,
    PersonSessionsController,
  ],
  providers: [RevokingService],
})
export class AdminModule {}
