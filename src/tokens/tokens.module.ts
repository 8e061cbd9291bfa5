import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { ApplicationsModule } from '../applications/applications.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { AccessTokenInspectionService } from './access-token-inspection.service.js';
import { AccessTokenVerification } from './access-token-verification.js';
import { AccessTokensService } from './access-tokens.service.js';
import { LiveTokens } from './live-tokens.js';
import { ClaimsProviders } from './claims-providers.js';

@Module({
  imports: [JwtModule.register({}), ApplicationsModule, KeysModule, RevocationModule],
  providers: [AccessTokensService, AccessTokenVerification, AccessTokenInspectionService, ClaimsProviders, LiveTokens],
  exports: [AccessTokensService, AccessTokenVerification, AccessTokenInspectionService, ClaimsProviders, LiveTokens],
})
export class TokensModule {}
