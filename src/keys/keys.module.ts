import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { JwksController } from './jwks.controller.js';
import { KeyAdministrationService } from './key-administration.service.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyVault } from './key-vault.js';
import { KeysService } from './keys.service.js';
import { SigningKey } from './signing-key.entity.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

@Module({
  imports: [TypeOrmModule.forFeature([SigningKey]), AuditModule, RevocationModule],
  controllers: [JwksController],
  providers: [SigningKeysRepository, KeyVault, KeyRotationService, KeysService, KeyAdministrationService],
  exports: [KeysService, KeyAdministrationService],
})
export class KeysModule {}
