import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApplicationsService } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import { AccessTokenVerification } from '../tokens/access-token-verification.js';
import type { CookieUse } from './cookie-use.js';
import { SessionCookies, type TokenSession } from './session-cookies.js';
import { sessionNamedIn } from './session-named-in.js';

/** They change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Full cookie mode: the access token comes in a cookie, since a page that a server renders is asked for without a script
 * that could add a header. Each application has its own.
 */
@Injectable()
export class AccessCookie {
  constructor(
    private readonly cookies: SessionCookies,
    private readonly applications: ApplicationsService,
    private readonly verification: AccessTokenVerification,
  ) {}

  /** Null when there is none, and beside an Authorization header, which goes before. */
  find(request: FastifyRequest, { applicationId }: Pick<CookieUse, 'applicationId'>): string | null {
    return request.headers.authorization === undefined ? this.cookies.accessToken(request, applicationId) : null;
  }

  /**
   * A browser sends the cookie whoever makes it ask. So a request must come from a page of the cookie's own application
   * where it says where it comes from (a page of another one may read answers too, CORS lets all of them), and what is to
   * change anything must carry what only such a page can read. Throws `cross_site_refused`.
   */
  assertOwnPage(request: FastifyRequest, sessionId: string, use: CookieUse): void {
    const { headers } = request;
    if (headers.origin !== undefined) this.applications.assertPageOf(use.applicationId, request);
    if (SAFE_METHODS.has(use.method)) return;
    const token = headers['x-csrf-token'];
    if (typeof token === 'string' && this.cookies.isCsrfToken(token, sessionId)) return;
    const detail = `Send the value of the cookie portcullis-csrf-${use.applicationId} as X-CSRF-Token.`;
    throw new AppError('cross_site_refused', { detail, log: 'X-CSRF-Token' });
  }

  /**
   * For a request with an access token of this session in its header. Throws `credentials_ambiguous` when the cookie of
   * its application is of another session and would be accepted as well; one that has had its day contradicts nothing.
   */
  assertOneSession(request: FastifyRequest, { applicationId, sessionId }: TokenSession): void {
    const token = this.cookies.accessToken(request, applicationId);
    const other = sessionNamedIn(token);
    if (token === null || other === null || other === sessionId || !this.isAccepted(token)) return;
    throw new AppError('credentials_ambiguous');
  }

  private isAccepted(token: string): boolean {
    try {
      this.verification.authenticate(token);
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}
