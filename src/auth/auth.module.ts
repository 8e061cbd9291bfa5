import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessCookie } from './access-cookie.js';
import { AccessGuard } from './access.guard.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AccessCheckController } from './access-check.controller.js';
import { AuthController } from './auth.controller.js';
import { LiveConnections } from './live/live-connections.js';
import { LiveGuard } from './live/live-guard.js';
import { LiveHandshake } from './live/live-handshake.js';
import { LiveMessages } from './live/live-messages.js';
import { RecentAuth } from './recent-auth.js';
import { SessionCookies } from './session-cookies.js';
import { SessionEventsController } from './session-events.controller.js';
import { SessionEventsService } from './session-events.service.js';
import { SignInLimitsService } from './sign-in-limits.service.js';
import { SignInService } from './sign-in.service.js';
import { SignOutController } from './sign-out.controller.js';
import { SignOutService } from './sign-out.service.js';
import { StepUpService } from './step-up.service.js';
import { TokenTransport } from './token-transport.js';

@Module({
  imports: [
    DiscoveryModule,
    PassportModule,
    ApplicationsModule,
    AuditModule,
    LimitsModule,
    RevocationModule,
    TokensModule,
    UsersModule,
    SessionsModule,
  ],
  controllers: [AuthController, AccessCheckController, SignOutController, SessionEventsController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    AccessTokenStrategy,
    AccessCookie,
    RecentAuth,
    SessionCookies,
    TokenTransport,
    SessionEventsService,
    SignInLimitsService,
    LiveConnections,
    LiveHandshake,
    LiveMessages,
    LiveGuard,
    SignInService,
    SignOutService,
    StepUpService,
  ],
})
export class AuthModule {}
