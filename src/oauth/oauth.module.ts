import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ClientAccessTokens } from './client-access-tokens.service.js';
import { OAuthController } from './oauth.controller.js';
import { RefreshGrantService } from './refresh-grant.service.js';
import { ServerMetadataController } from './server-metadata.controller.js';
import { TokenIntrospectionService } from './token-introspection.service.js';
import { TokenRevocationService } from './token-revocation.service.js';

@Module({
  imports: [ApplicationsModule, RevocationModule, SessionsModule, TokensModule],
  controllers: [OAuthController, ServerMetadataController],
  providers: [ClientAccessTokens, RefreshGrantService, TokenIntrospectionService, TokenRevocationService],
})
export class OAuthModule {}
