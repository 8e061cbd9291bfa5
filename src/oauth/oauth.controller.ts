import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentApplication, CurrentClient, FromApplication, FromClient } from '../applications/application-access.js';
import type { Client } from '../applications/application-credentials.service.js';
import { ApiRoute } from '../common/http/api-route.js';
import { OAuthEndpoint } from '../common/http/oauth-endpoint.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { Introspection, TokenAnswer, TokenInQuestion, TokenRequest } from './oauth.dto.js';
import { RefreshGrantService } from './refresh-grant.service.js';
import { TokenIntrospectionService } from './token-introspection.service.js';
import { TokenRevocationService } from './token-revocation.service.js';

/** For standard OAuth clients. Who wants cookies, or the person beside the tokens, uses /v1/auth. */
@ApiTags('OAuth')
@Controller('oauth')
export class OAuthController {
  constructor(
    private readonly grants: RefreshGrantService,
    private readonly introspections: TokenIntrospectionService,
    private readonly revocations: TokenRevocationService,
  ) {}

  @FromClient()
  @OAuthEndpoint()
  @Post('token')
  @HttpCode(200)
  // RFC 6749 §5.1 wants it beside `no-store`, which every answer has.
  @Header('Pragma', 'no-cache')
  @ApiRoute({
    summary: 'New tokens for a refresh token (RFC 6749, section 6).',
    description:
      'The same as `POST /v1/auth/refresh` for a session with body delivery: asked again with the same token within ' +
      'some seconds it answers the same, and an older token ends the session.',
    answers: TokenAnswer,
    authentication: 'client',
    problems: [
      'refresh_token_invalid',
      'refresh_token_reused',
      'session_ended',
      'account_suspended',
      'application_disabled',
      'unsupported_grant_type',
      'invalid_scope',
      'unavailable',
    ],
  })
  token(
    @CurrentClient() client: Client,
    @Body({ schema: TokenRequest }) form: TokenRequest,
    @CurrentSource() source: RequestSource,
  ): Promise<TokenAnswer> {
    return this.grants.grant(client, form, source);
  }

  @FromApplication()
  @OAuthEndpoint()
  @Post('introspect')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Whether a token of the asking application is good now (RFC 7662).',
    description:
      'An access token gets the answer that a route would give it after a look at the log; a refresh token, what a ' +
      'refresh would. Whatever is not active, for whatever reason, is `{"active": false}`.',
    answers: Introspection,
    authentication: 'application',
    problems: ['revocation_unavailable', 'unavailable'],
  })
  introspect(
    @CurrentApplication() applicationId: string,
    @Body({ schema: TokenInQuestion }) { token }: TokenInQuestion,
  ): Promise<Introspection> {
    return this.introspections.introspect(token, applicationId);
  }

  @FromClient()
  @OAuthEndpoint()
  @Post('revoke')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Takes a token of the asking application back (RFC 7009).',
    description:
      'A refresh token: its session ends. An access token: this one token is refused from now on, and its session goes ' +
      'on. Anything else: nothing happens, and the answer is the same.',
    authentication: 'client',
    problems: ['unavailable'],
  })
  revoke(
    @CurrentClient() client: Client,
    @Body({ schema: TokenInQuestion }) { token }: TokenInQuestion,
    @CurrentSource() source: RequestSource,
  ): Promise<void> {
    return this.revocations.revoke(token, client, source);
  }
}
