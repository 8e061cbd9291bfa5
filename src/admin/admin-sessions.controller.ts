import { Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import { ListSessionsQuery, SessionListResponse } from '../sessions/sessions.dto.js';
import { actOf } from './act-of.js';
import { AdminController } from './admin-controller.js';
import { ReasonQuery } from './admin.dto.js';

@AdminController('users/:id/sessions')
export class AdminSessionsController {
  constructor(private readonly sessions: SessionAdministrationService) {}

  @Get()
  @ApiRoute({ summary: "Somebody's devices, the one used last first.", answers: SessionListResponse })
  list(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Query({ schema: ListSessionsQuery }) query: ListSessionsQuery,
  ) {
    return this.sessions.list(userId, query, principal.sessionId);
  }

  @Delete()
  @HttpCode(204)
  @ApiRoute({
    summary: 'Signs somebody out everywhere.',
    description: 'Access tokens already issued are outdated before this answers, and no refresh works any more.',
    problems: ['conflict'],
  })
  endAll(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Query({ schema: ReasonQuery }) query: ReasonQuery,
    @CurrentSource() source: RequestSource,
  ) {
    return this.sessions.endAll(userId, actOf(principal, source, query));
  }

  @Delete(':sessionId')
  @HttpCode(204)
  @ApiRoute({
    summary: "Ends one of somebody's devices.",
    description: 'Its tokens are refused before this answers.',
    problems: ['conflict'],
  })
  async end(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Param('sessionId', { schema: z.uuid() }) sessionId: string,
    @Query({ schema: ReasonQuery }) query: ReasonQuery,
    @CurrentSource() source: RequestSource,
  ) {
    await this.sessions.end(sessionId, actOf(principal, source, query), userId);
  }
}
