import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { RevocationsInForceService } from '../revocation/revocations-in-force.service.js';
import { actOf } from './act-of.js';
import { AdminController } from './admin-controller.js';
import { ListRevocations, RevocationListResponse, Revoke } from './admin-revocations.dto.js';
import { RevokingService } from './revoking.service.js';

@AdminController('revocations')
export class AdminRevocationsController {
  constructor(
    private readonly inForce: RevocationsInForceService,
    private readonly revoking: RevokingService,
  ) {}

  @Get()
  @ApiRoute({
    summary: 'What is in force: on whom, until when, by whom and why. The newest first.',
    answers: RevocationListResponse,
  })
  list(@Query({ schema: ListRevocations }) query: ListRevocations) {
    return this.inForce.list(query);
  }

  @Post()
  @HttpCode(204)
  @ApiRoute({
    summary: 'Takes back a token, a session, all sessions of a person, of an application, or of everyone.',
    description:
      'It is refused here before this answers, and within a second everywhere. Of many sessions none is touched one by ' +
      'one. To keep somebody from signing in again, suspend the account; a signing key is withdrawn at `/v1/admin/keys`.',
    problems: ['not_found', 'conflict'],
  })
  revoke(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: Revoke }) body: Revoke,
    @CurrentSource() source: RequestSource,
  ) {
    return this.revoking.revoke(body, actOf(principal, source, body));
  }
}
