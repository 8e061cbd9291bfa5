import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentApplication, FromApplication } from '../applications/application-access.js';
import { ApiRoute } from '../common/http/api-route.js';
import { FeedAnswer, FeedEvent, FeedQuery } from './feed.dto.js';
import { RevocationFeed } from './revocation-feed.service.js';

@ApiTags('Revocations')
@FromApplication()
@Controller('v1/revocations')
export class FeedController {
  constructor(private readonly feed: RevocationFeed) {}

  @Get()
  @ApiRoute({
    summary: 'What is revoked and concerns the asking application.',
    description: 'The whole list, or what came after a cursor. Load it once, then follow the events.',
    answers: FeedAnswer,
    authentication: 'application',
    problems: ['cursor_gone', 'revocation_unavailable'],
  })
  list(
    @CurrentApplication() applicationId: string,
    @Query({ schema: FeedQuery }) query: FeedQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.feed.answer(applicationId, query.after ?? null, request, reply);
  }

  @Get('events')
  @ApiRoute({
    summary: 'What is revoked from now on, as server-sent events.',
    description:
      'Goes on from `Last-Event-ID`; without it, from the beginning. A stale server sends no heartbeat, and ends the ' +
      'stream when the log starts anew.',
    answers: FeedEvent,
    streams: true,
    authentication: 'application',
    problems: ['validation_failed', 'cursor_gone', 'revocation_unavailable'],
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'A cursor: `<epoch>:<seq>`.' })
  events(
    @CurrentApplication() applicationId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.feed.follow(applicationId, request, reply);
  }
}
