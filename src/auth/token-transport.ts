import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApplicationsService } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import { assertSameSite } from '../common/http/same-site.js';
import type { Principal } from '../common/principal.js';
import type { RefreshTokenBinding } from '../sessions/refresh-token.js';
import type { Delivery } from '../sessions/delivery.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';
import type { SignInOptions } from '../sessions/sign-in-sessions.service.js';
import type { Login, Refresh, TokenResponse } from './auth.dto.js';
import { bearerToken } from './bearer-token.js';
import { SessionCookie } from './session-cookie.js';
import { sessionNamedIn } from './session-named-in.js';

export interface PresentedRefreshToken {
  token: string;
  binding: RefreshTokenBinding;
}

/** The session that tokens are of, and the application whose cookie it has. */
export type TokenSession = Pick<Principal, 'applicationId' | 'sessionId'>;

/** How tokens come and go: the refresh token in a cookie or in the body, as the session was signed in. */
@Injectable()
export class TokenTransport {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly cookie: SessionCookie,
  ) {}

  /** Throws `cross_site_refused` when a page that is not the application's asks for a cookie. */
  signInOptions(
    request: FastifyRequest,
    body: Pick<Login, 'applicationId' | 'delivery' | 'remember' | 'deviceName'>,
  ): SignInOptions {
    const { applicationId, remember, deviceName = null } = body;
    const origins = this.applications.originsOf(applicationId);
    const delivery = body.delivery ?? defaultDelivery(request);
    if (delivery === 'cookie') assertSameSite(request, origins);
    return { applicationId, delivery, remember, deviceName };
  }

  /**
   * Throws `refresh_token_invalid` when there is none, `cross_site_refused` when the cookie comes from elsewhere,
   * `credentials_ambiguous` when an access token beside the cookie is of another session.
   */
  refreshToken(request: FastifyRequest, body: Refresh): PresentedRefreshToken {
    const presented = this.findRefreshToken(request, body);
    if (!presented) throw new AppError('refresh_token_invalid', { log: 'no cookie and no refreshToken' });
    const { applicationId, delivery } = presented.binding;
    const sessionId = sessionNamedIn(bearerToken(request));
    if (delivery === 'cookie' && sessionId !== null) this.assertOneSession(request, { applicationId, sessionId });
    return presented;
  }

  /** As `refreshToken`, but null when there is none. */
  findRefreshToken(request: FastifyRequest, { refreshToken, applicationId }: Refresh): PresentedRefreshToken | null {
    const origins = this.applications.originsOf(applicationId);
    if (refreshToken !== undefined) return { token: refreshToken, binding: { applicationId, delivery: 'body' } };
    const token = this.cookie.read(request, applicationId);
    if (token === null) return null;
    assertSameSite(request, origins);
    return { token, binding: { applicationId, delivery: 'cookie' } };
  }

  send(reply: FastifyReply, issued: IssuedTokens): TokenResponse {
    const { grant, accessToken, expiresIn, refreshToken } = issued;
    const byCookie = grant.delivery === 'cookie';
    if (byCookie) this.cookie.write(reply, issued);
    return {
      accessToken,
      tokenType: 'Bearer',
      expiresIn,
      ...(byCookie ? {} : { refreshToken }),
      session: {
        id: grant.sessionId,
        expiresAt: grant.expiresAt.toISOString(),
        idleExpiresAt: grant.idleExpiresAt.toISOString(),
      },
      user: {
        id: grant.userId,
        email: grant.email,
        name: grant.name,
        roles: grant.roles,
        emailVerified: grant.emailVerified,
      },
    };
  }

  /**
   * For a request with an access token of this session whose answer may set a cookie: it would replace that of whoever
   * signed in since, in another tab. Throws `credentials_ambiguous` when the cookie is of another session.
   */
  assertOneSession(request: FastifyRequest, { applicationId, sessionId }: TokenSession): void {
    const other = this.cookie.sessionOf(request, applicationId);
    if (other !== null && other !== sessionId) throw new AppError('credentials_ambiguous');
  }

  /** After a sign-out, and only then: clears the cookie of the session that ended, and leaves any other one alone. */
  forget(request: FastifyRequest, reply: FastifyReply, ended: TokenSession | null): void {
    if (!ended || this.cookie.sessionOf(request, ended.applicationId) !== ended.sessionId) return;
    this.cookie.clear(reply, ended.applicationId);
  }
}

/** Browsers say where a POST comes from, and nothing else does (Fetch standard, "Origin" and "Sec-Fetch-Site"). */
function defaultDelivery({ headers }: FastifyRequest): Delivery {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined ? 'cookie' : 'body';
}
