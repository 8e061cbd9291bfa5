import { Body, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { KeyAdministrationService } from '../keys/key-administration.service.js';
import { actOf } from './act-of.js';
import { AdminController } from './admin-controller.js';
import { ChangeKey, KeyId, KeyListResponse, SigningKeyResponse } from './admin-keys.dto.js';

@AdminController('keys')
export class AdminKeysController {
  constructor(private readonly keys: KeyAdministrationService) {}

  @Get()
  @ApiRoute({ summary: 'Every signing key that ever was, the newest first.', answers: KeyListResponse })
  async list() {
    return { items: await this.keys.list() };
  }

  @Post('rotate')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Lets the standby key sign from now on; what the old one signed stays valid.',
    description: 'Answers with the key that signs. 409 until the standby has been published for a quarter of an hour.',
    answers: SigningKeyResponse,
    problems: ['conflict', 'unavailable'],
  })
  rotate(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: ChangeKey }) body: ChangeKey,
    @CurrentSource() source: RequestSource,
  ) {
    return this.keys.rotate(actOf(principal, source, body));
  }

  @Post(':kid/withdraw')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Refuses everything that a key signed, for good: for a key that leaked.',
    description:
      'Sessions go on: every client refreshes once, the administrator who asks included. Answers with the key that signs.',
    answers: SigningKeyResponse,
    problems: ['conflict', 'unavailable'],
  })
  withdraw(
    @CurrentPrincipal() principal: Principal,
    @Param('kid', { schema: KeyId }) kid: string,
    @Body({ schema: ChangeKey }) body: ChangeKey,
    @CurrentSource() source: RequestSource,
  ) {
    return this.keys.withdraw(kid, actOf(principal, source, body));
  }
}
