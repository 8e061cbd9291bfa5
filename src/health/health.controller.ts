import { Controller, Get, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Public } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import { Readiness } from '../common/readiness.js';
import type { ReadinessResult } from '../common/readiness.js';
import { livenessSchema, readinessSchema } from './health.dto.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Public()
  @Get('live')
  @ApiRoute({
    summary: 'Does the process answer?',
    description: 'Needs no database. Restart the process when it fails.',
    answers: livenessSchema,
  })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Public()
  @Get('ready')
  @ApiRoute({
    summary: 'Should requests be sent here?',
    description: 'Take the instance out of rotation while it fails.',
    answers: readinessSchema,
  })
  @ApiResponse({ status: 503, standardSchema: readinessSchema, description: 'At least one does not.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ status: string; checks: ReadinessResult[] }> {
    const { ready, checks } = await this.readiness.report();
    void reply.status(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not_ready', checks };
  }
}
