import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnyApplication, CurrentPrincipal, Public } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { UsersService } from '../users/users.service.js';
import { ChangePassword, Login, Reauthenticate, Refresh, Register, TokenResponse } from './auth.dto.js';
import { SignInService } from './sign-in.service.js';
import { StepUpService } from './step-up.service.js';
import { TokenTransport } from './token-transport.js';

@ApiTags('Sign-in')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly signIns: SignInService,
    private readonly refreshes: RefreshService,
    private readonly stepUps: StepUpService,
    private readonly users: UsersService,
    private readonly transport: TokenTransport,
  ) {}

  @Public()
  @Post('register')
  @ApiRoute({
    summary: 'Makes an account and signs it in.',
    answers: TokenResponse,
    problems: ['email_taken', 'cross_site_refused', 'application_disabled', 'too_many_requests'],
  })
  async register(
    @Body({ schema: Register }) body: Register,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenResponse> {
    const options = await this.transport.signInOptions(request, body);
    const account = { email: body.email, password: body.password, name: body.name ?? null };
    const issued = await this.signIns.register(account, options, source);
    return this.transport.send(request, reply, issued, body.accessCookie);
  }

  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Signs in: a new device.',
    answers: TokenResponse,
    problems: [
      'credentials_invalid',
      'account_suspended',
      'application_disabled',
      'cross_site_refused',
      'too_many_requests',
    ],
  })
  async login(
    @Body({ schema: Login }) body: Login,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenResponse> {
    const options = await this.transport.signInOptions(request, body);
    const issued = await this.signIns.signIn(body.email, body.password, options, source);
    return this.transport.send(request, reply, issued, body.accessCookie);
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  @ApiRoute({
    summary: 'New tokens for the refresh token in the cookie or in the body.',
    description:
      'Asked again with the same token within some seconds (a lost answer, two tabs), it answers the same. ' +
      'A browser gets another refresh token at most once in that time; until then the answer sets no cookie.',
    answers: TokenResponse,
    authentication: 'refresh_token',
    problems: [
      'refresh_token_invalid',
      'refresh_token_reused',
      'session_ended',
      'account_suspended',
      'application_disabled',
      'credentials_ambiguous',
      'cross_site_refused',
      'unavailable',
    ],
  })
  async refresh(
    @Body({ schema: Refresh }) body: Refresh,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenResponse> {
    const presented = await this.transport.refreshToken(request, body);
    const issued = await this.refreshes.refresh(presented, source);
    return this.transport.send(request, reply, issued, body.accessCookie);
  }

  @Post('logout-all')
  @HttpCode(204)
  @ApiRoute({ summary: 'Signs out everywhere: every device of the account, this one too.' })
  async logoutAll(
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<void> {
    await this.users.signOutEverywhere(principal.userId, source);
    this.transport.forget(request, reply, principal);
  }

  @AnyApplication()
  @Post('reauthenticate')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Proves again who is asking: new tokens with a new `auth_time`.',
    answers: TokenResponse,
    problems: ['credentials_invalid', 'account_suspended', 'too_many_requests'],
  })
  async reauthenticate(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: Reauthenticate }) body: Reauthenticate,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenResponse> {
    this.transport.assertOneSession(request, principal);
    return this.transport.send(request, reply, await this.stepUps.reauthenticate(principal, body.password, source));
  }

  @Post('password')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Changes the password.',
    description:
      'This device stays, with new tokens; all others are signed out. The new password must be another one. What is wrong with it is told only beside the right current password.',
    answers: TokenResponse,
    problems: ['credentials_invalid', 'account_suspended', 'too_many_requests'],
  })
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: ChangePassword }) body: ChangePassword,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenResponse> {
    this.transport.assertOneSession(request, principal);
    const passwords = { current: body.currentPassword, next: body.newPassword };
    return this.transport.send(request, reply, await this.stepUps.changePassword(principal, passwords, source));
  }
}
