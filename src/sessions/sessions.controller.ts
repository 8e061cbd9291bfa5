import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AnyApplication, CurrentPrincipal, Passive, RequireRecentAuth } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import {
  EndSessionsQuery,
  ListSessionsQuery,
  RenameSession,
  SessionListResponse,
  SessionResponse,
} from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Devices')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @ApiRoute({ summary: "The person's devices, the one used last first.", answers: SessionListResponse })
  list(@CurrentPrincipal() principal: Principal, @Query({ schema: ListSessionsQuery }) query: ListSessionsQuery) {
    return this.sessions.list(principal.userId, principal.sessionId, query);
  }

  @Passive()
  @AnyApplication()
  @Get('current')
  @ApiRoute({ summary: 'The asking session.', description: 'Asking does not count as use.', answers: SessionResponse })
  current(@CurrentPrincipal() principal: Principal) {
    return this.sessions.getCurrent(principal.userId, principal.sessionId);
  }

  @Patch(':id')
  @ApiRoute({ summary: 'Names a device.', answers: SessionResponse })
  rename(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: RenameSession }) body: RenameSession,
    @CurrentSource() source: RequestSource,
  ) {
    return this.sessions.rename(principal.userId, id, body.name, principal.sessionId, source);
  }

  @RequireRecentAuth()
  @Delete(':id')
  @HttpCode(204)
  @ApiRoute({ summary: 'Ends one device.', description: 'Its tokens are refused before this answers.' })
  end(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) id: string,
    @CurrentSource() source: RequestSource,
  ) {
    return this.sessions.end(principal.userId, id, source);
  }

  @RequireRecentAuth()
  @Delete()
  @HttpCode(204)
  @ApiRoute({ summary: 'Ends all devices but the asking one.', description: 'Needs `except=current`.' })
  endOthers(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: EndSessionsQuery }) _query: EndSessionsQuery,
    @CurrentSource() source: RequestSource,
  ) {
    return this.sessions.endOthers(principal.userId, principal.sessionId, source);
  }
}
