import { Body, Get, Param, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { actOf } from './act-of.js';
import { AdminController } from './admin-controller.js';
import { AccountListResponse, AccountResponse, ChangeAccount, ListAccounts } from './admin-users.dto.js';

@AdminController('users')
export class AdminUsersController {
  constructor(private readonly accounts: AccountAdministrationService) {}

  @Get()
  @ApiRoute({ summary: 'Accounts, the newest first.', answers: AccountListResponse })
  list(@Query({ schema: ListAccounts }) query: ListAccounts) {
    return this.accounts.list(query);
  }

  @Get(':id')
  @ApiRoute({ summary: 'One account.', answers: AccountResponse })
  show(@Param('id', { schema: z.uuid() }) userId: string) {
    return this.accounts.get({ userId });
  }

  @Patch(':id')
  @ApiRoute({
    summary: 'Suspends an account, lets it in again, gives it roles.',
    description:
      'Its tokens are refused before this answers. Sessions that a suspension ended stay ended. Status and roles at once ' +
      'are both changed, or neither. The last active administrator stays one.',
    answers: AccountResponse,
    problems: ['conflict'],
  })
  change(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Body({ schema: ChangeAccount }) body: ChangeAccount,
    @CurrentSource() source: RequestSource,
  ) {
    return this.accounts.change(userId, body, actOf(principal, source, body));
  }
}
