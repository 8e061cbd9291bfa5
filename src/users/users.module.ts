import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { AccountAdministrationService } from './account-administration.service.js';
import { AccountEvents } from './account-events.js';
import { AccountsRepository } from './accounts.repository.js';
import { CredentialsService } from './credentials.service.js';
import { HashingProcessesService } from './hashing-processes.service.js';
import { LostAccounts } from './lost-accounts.js';
import { LostAccountsRepository } from './lost-accounts.repository.js';
import { PasswordsService } from './passwords.service.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User]), AuditModule, RevocationModule],
  controllers: [UsersController],
  providers: [
    UsersRepository,
    AccountsRepository,
    UsersService,
    AccountAdministrationService,
    PasswordsService,
    HashingProcessesService,
    CredentialsService,
    AccountEvents,
    LostAccountsRepository,
    LostAccounts,
  ],
  exports: [UsersService, AccountAdministrationService, CredentialsService, AccountEvents],
})
export class UsersModule {}
