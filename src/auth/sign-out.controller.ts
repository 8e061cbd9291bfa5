import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { Logout } from './auth.dto.js';
import { SignOutService } from './sign-out.service.js';
import { TokenTransport } from './token-transport.js';

@ApiTags('Sign-in')
@Controller('v1/auth')
export class SignOutController {
  constructor(
    private readonly signOuts: SignOutService,
    private readonly transport: TokenTransport,
  ) {}

  @Public()
  @Post('logout')
  @HttpCode(204)
  @ApiRoute({
    summary: 'Signs this device out: by its access token, its cookie or its refresh token.',
    description: 'Signing out twice is no fault.',
    authentication: 'refresh_token',
    problems: [
      'token_missing',
      'token_invalid',
      'token_expired',
      'token_outdated',
      'refresh_token_invalid',
      'credentials_ambiguous',
      'cross_site_refused',
    ],
  })
  async logout(
    @Body({ schema: Logout }) body: Logout,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<void> {
    const proof = await this.transport.signOutProof(request, body);
    const ended = await this.signOuts.signOut(proof, source);
    this.transport.forget(request, reply, ended);
  }
}
