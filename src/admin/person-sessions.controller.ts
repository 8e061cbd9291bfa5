import { Controller, Delete, Get, HttpCode, Logger, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentApplication, FromApplication } from '../applications/application-access.js';
import type { Act } from '../audit/act.js';
import { ApiRoute } from '../common/http/api-route.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import { ListSessionsQuery, SessionListResponse } from '../sessions/sessions.dto.js';
import { ReasonQuery } from './admin.dto.js';

/** For another part of the business: by the credentials of an application that may, and not by a person's token. */
@ApiTags('Sessions of people')
@FromApplication({ permission: 'sessions' })
@Controller('v1/users/:id/sessions')
export class PersonSessionsController {
  private readonly logger = new Logger(PersonSessionsController.name);

  constructor(private readonly sessions: SessionAdministrationService) {}

  @Get()
  @ApiRoute({
    summary: "A person's devices, whatever they are signed in to, the one used last first.",
    answers: SessionListResponse,
    authentication: 'application',
    problems: ['forbidden'],
  })
  list(
    @CurrentApplication() applicationId: string,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Query({ schema: ListSessionsQuery }) query: ListSessionsQuery,
    @CurrentSource() { ip }: RequestSource,
  ) {
    // The audit has what was changed. Whose addresses were read by whom is to be found too (decision 26).
    this.logger.log({ message: "An application reads a person's devices.", applicationId, userId, ip });
    return this.sessions.list(userId, query);
  }

  @Delete()
  @HttpCode(204)
  @ApiRoute({
    summary: 'Signs a person out everywhere.',
    description: 'Access tokens already issued are outdated before this answers, and no refresh works any more.',
    authentication: 'application',
    problems: ['forbidden', 'conflict'],
  })
  endAll(
    @CurrentApplication() applicationId: string,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Query({ schema: ReasonQuery }) query: ReasonQuery,
    @CurrentSource() source: RequestSource,
  ) {
    return this.sessions.endAll(userId, actOf(applicationId, source, query));
  }

  @Delete(':sessionId')
  @HttpCode(204)
  @ApiRoute({
    summary: "Ends one of a person's devices.",
    description: 'Its tokens are refused before this answers.',
    authentication: 'application',
    problems: ['forbidden', 'conflict'],
  })
  async end(
    @CurrentApplication() applicationId: string,
    @Param('id', { schema: z.uuid() }) userId: string,
    @Param('sessionId', { schema: z.uuid() }) sessionId: string,
    @Query({ schema: ReasonQuery }) query: ReasonQuery,
    @CurrentSource() source: RequestSource,
  ) {
    await this.sessions.end(sessionId, actOf(applicationId, source, query), userId);
  }
}

function actOf(applicationId: string, source: RequestSource, { reason }: { reason: string }): Act {
  return { actor: `application:${applicationId}`, reason, source };
}
