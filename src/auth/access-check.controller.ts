import { Controller, Get, HttpCode, Query, Res, SetMetadata } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AnyApplication, CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { AccessCheckQuery, toHeaders } from './access-check.dto.js';
import { FOR_PROXY } from './route-policy.js';

@ApiTags('Applications')
@Controller('v1/auth/check')
export class AccessCheckController {
  @AnyApplication()
  @SetMetadata(FOR_PROXY, true)
  @Get()
  @HttpCode(204)
  @ApiRoute({
    summary: 'Whether a proxy may let a request pass, for nginx auth_request.',
    description:
      'By the access token of `application`, or by its cookie in full cookie mode. The answer names the person in ' +
      '`X-Portcullis-User`, `-Session`, `-Application` and `-Roles` (separated by commas). It counts as use of the session.',
    problems: ['cross_site_refused'],
  })
  @ApiHeader({
    name: 'X-Original-Method',
    required: false,
    description: 'The method of the request. By cookie, any but GET, HEAD and OPTIONS needs an X-CSRF-Token.',
  })
  check(
    @Query({ schema: AccessCheckQuery }) query: AccessCheckQuery,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    void reply.headers(toHeaders(principal, query));
  }
}
