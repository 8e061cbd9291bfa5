import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApplicationsService, type KnownApplication } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { PresentedRefreshToken } from '../sessions/refresh-token.js';
import type { Delivery } from '../applications/delivery.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';
import type { SignInOptions } from '../sessions/sign-in-sessions.service.js';
import { AccessCookie } from './access-cookie.js';
import type { Login, Logout, Refresh, TokenResponse } from './auth.dto.js';
import { bearerToken } from './bearer-token.js';
import { SessionCookies, type TokenSession } from './session-cookies.js';
import { sessionNamedIn } from './session-named-in.js';

/** What a client signs out with: either is enough. */
export interface SignOutProof {
  accessToken: string | null;
  refreshToken: PresentedRefreshToken | null;
}

/** How tokens come and go: in cookies or in bodies, as the session was signed in. */
@Injectable()
export class TokenTransport {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly cookies: SessionCookies,
    private readonly accessCookie: AccessCookie,
  ) {}

  /**
   * Throws `cross_site_refused` when a page that is not the application's asks for a cookie, `validation_failed` for an
   * unknown application and for a delivery that it may not have.
   */
  async signInOptions(
    request: FastifyRequest,
    body: Pick<Login, 'applicationId' | 'delivery' | 'accessCookie' | 'remember' | 'deviceName'>,
  ): Promise<SignInOptions> {
    const { applicationId, remember, deviceName = null } = body;
    const application = await this.applications.get(applicationId);
    const asked = body.delivery ?? (body.accessCookie ? 'cookie' : null);
    const delivery = deliveryFor(application, asked, defaultDelivery(request));
    if (delivery === 'cookie') {
      this.applications.assertPageOf(applicationId, request);
      assertCookieArrives(request);
    }
    return { applicationId, delivery, remember, deviceName };
  }

  /**
   * Throws `refresh_token_invalid` when there is none, `cross_site_refused` when the cookie comes from elsewhere,
   * `credentials_ambiguous` when an access token beside the cookie is of another session.
   */
  async refreshToken(request: FastifyRequest, body: Refresh): Promise<PresentedRefreshToken> {
    const presented = await this.findRefreshToken(request, body);
    if (!presented) throw new AppError('refresh_token_invalid', { log: 'no cookie and no refreshToken' });
    const { applicationId, delivery } = presented.binding;
    const sessionId = sessionNamedIn(bearerToken(request));
    if (delivery === 'cookie' && sessionId !== null) this.assertOneSession(request, { applicationId, sessionId });
    return presented;
  }

  /** As `refreshToken`; the cookie of an access token counts only where there is nothing else. */
  async signOutProof(request: FastifyRequest, body: Logout): Promise<SignOutProof> {
    const refreshToken = await this.findRefreshToken(request, body);
    const { applicationId } = body;
    const bearer = bearerToken(request);
    const sessionId = sessionNamedIn(bearer);
    if (sessionId !== null) this.accessCookie.assertOneSession(request, { applicationId, sessionId });
    if (refreshToken || bearer !== null) return { accessToken: bearer, refreshToken };
    const use = { applicationId, method: request.method };
    const accessToken = this.accessCookie.find(request, use);
    if (accessToken !== null) this.accessCookie.assertOwnPage(request, sessionNamedIn(accessToken) ?? '', use);
    return { accessToken, refreshToken };
  }

  /** As `refreshToken`, but null when there is none. */
  private async findRefreshToken(
    request: FastifyRequest,
    { refreshToken, applicationId }: Logout,
  ): Promise<PresentedRefreshToken | null> {
    await this.applications.get(applicationId);
    if (refreshToken !== undefined)
      return { token: refreshToken, binding: { applicationId, delivery: 'body' }, byBrowser: false };
    const token = this.cookies.refreshToken(request, applicationId);
    if (token === null) return null;
    this.applications.assertPageOf(applicationId, request);
    return { token, binding: { applicationId, delivery: 'cookie' }, byBrowser: isByBrowser(request) };
  }

  /** `accessCookie`: begins full cookie mode. */
  send(request: FastifyRequest, reply: FastifyReply, issued: IssuedTokens, accessCookie = false): TokenResponse {
    const { grant, accessToken, expiresIn, refreshToken } = issued;
    const byCookie = grant.delivery === 'cookie';
    if (byCookie) this.cookies.write(request, reply, issued, accessCookie);
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
    const other = this.cookies.sessionOf(request, applicationId);
    if (other !== null && other !== sessionId) throw new AppError('credentials_ambiguous');
  }

  /** After a sign-out. */
  forget(request: FastifyRequest, reply: FastifyReply, ended: TokenSession | null): void {
    if (ended) this.cookies.forget(request, reply, ended);
  }
}

/**
 * Only a browser sends this header, and no script in one can set or remove it (Fetch Metadata §2.1). Whoever else sends
 * it gains nothing: what it spares from rotation is what the grace gives away already.
 */
function isByBrowser({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] !== undefined;
}

/** A browser drops a SameSite cookie that the answer to a page of another site sets: the person would be signed out in minutes. */
function assertCookieArrives({ headers }: FastifyRequest): void {
  if (headers['sec-fetch-site'] !== 'cross-site') return;
  throw new AppError('cross_site_refused', {
    detail: 'No cookie reaches a page of another site. Proxy /v1 on your own host, or ask for the delivery "body".',
  });
}

/** What was asked for, if the application may have it; else what is usual, if it may; else the one that it may have. */
function deliveryFor({ delivery }: KnownApplication, asked: Delivery | null, usual: Delivery): Delivery {
  if (asked === null) return delivery.includes(usual) ? usual : (delivery[0] ?? usual);
  if (delivery.includes(asked)) return asked;
  throw new AppError('validation_failed', {
    errors: [{ pointer: '/delivery', detail: `This application may have: ${delivery.join(', ')}.` }],
  });
}

/** Browsers say where a POST comes from, and nothing else does (Fetch standard, "Origin" and "Sec-Fetch-Site"). */
function defaultDelivery({ headers }: FastifyRequest): Delivery {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined ? 'cookie' : 'body';
}
