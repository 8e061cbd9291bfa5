import { Body, Controller, Delete, Get, HttpCode, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AuditService } from '../audit/audit.service.js';
import { CurrentPrincipal, RequireRecentAuth } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { ActivityQuery, ActivityResponse, RenameUser, UserResponse } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Account')
@Controller('v1/users/me')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly audit: AuditService,
  ) {}

  @Get()
  @ApiRoute({ summary: 'The signed-in person.', answers: UserResponse })
  show(@CurrentPrincipal() principal: Principal) {
    return this.users.getProfile(principal.userId);
  }

  @Patch()
  @ApiRoute({
    summary: 'Changes the name.',
    description: 'Tokens and sessions stay as they are.',
    answers: UserResponse,
  })
  rename(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: RenameUser }) body: RenameUser,
    @CurrentSource() source: RequestSource,
  ) {
    return this.users.rename(principal.userId, body.name, source);
  }

  @RequireRecentAuth()
  @Delete()
  @HttpCode(204)
  @ApiRoute({ summary: 'Deletes the account and ends all its sessions.' })
  delete(@CurrentPrincipal() principal: Principal, @CurrentSource() source: RequestSource) {
    return this.users.delete(principal.userId, source);
  }

  @Get('activity')
  @ApiRoute({ summary: 'What happened to the account, newest first.', answers: ActivityResponse })
  activity(@CurrentPrincipal() principal: Principal, @Query({ schema: ActivityQuery }) query: ActivityQuery) {
    return this.audit.listOfUser(principal.userId, query.limit, query.cursor ?? null);
  }
}
