import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import '@fastify/cookie';
import type { Principal } from '../common/principal.js';
import { Config } from '../config.js';
import { parseRefreshToken } from '../sessions/refresh-token.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';
import { csrfTokenOf, deriveCsrfKeys, isCsrfToken } from './csrf-token.js';
import { sessionNamedIn } from './session-named-in.js';

/** The session that tokens are of, and the application whose cookies it has. */
export type TokenSession = Pick<Principal, 'applicationId' | 'sessionId'>;

type Kind = 'refresh' | 'access' | 'csrf';

/** What browsers keep of one cookie, name and value together (RFC 6265bis §5.6); they drop a longer one without a word. */
const LONGEST_COOKIE = 4096;

/**
 * The cookies of a session, a set for each application: the refresh token's; in full cookie mode also the access token's
 * and the CSRF token's, which alone scripts may read. `__Host-` (this host only, no Domain), Secure, SameSite=Lax. Plain
 * only where PUBLIC_URL is http on loopback, as Secure cookies do not reach every browser there.
 */
@Injectable()
export class SessionCookies {
  private readonly logger = new Logger(SessionCookies.name);
  private readonly secure: boolean;
  private readonly csrfKeys: Buffer[];

  constructor(private readonly config: Config) {
    this.secure = new URL(config.publicUrl).protocol === 'https:';
    this.csrfKeys = deriveCsrfKeys(config.refreshTokenKeys);
  }

  refreshToken(request: FastifyRequest, applicationId: string): string | null {
    return this.read(request, 'refresh', applicationId);
  }

  accessToken(request: FastifyRequest, applicationId: string): string | null {
    return this.read(request, 'access', applicationId);
  }

  /** The session of the refresh token's cookie; null without one, or for one that is not ours. Asks no database. */
  sessionOf(request: FastifyRequest, applicationId: string): string | null {
    const binding = { applicationId, delivery: 'cookie' as const };
    const text = this.refreshToken(request, applicationId) ?? '';
    return parseRefreshToken(text, binding, this.config.refreshTokenKeys)?.sessionId ?? null;
  }

  isCsrfToken(text: string, sessionId: string): boolean {
    return isCsrfToken(text, sessionId, this.csrfKeys);
  }

  /**
   * After it, whatever the browser holds for this application is of one session. `accessCookie`: begins full cookie mode.
   *
   * A browser that sent this very refresh token has it, and is not sent it again: an answer that carries a token may come
   * late, and put it in the place of the next one.
   *
   * That a session is in this mode, its browser remembers and no table: the CSRF cookie of this very session, which
   * nobody else can have made and which lives as long as the refresh token's. Should it get lost, the mode is over until
   * a page asks for it again, and the person stays signed in.
   */
  write(request: FastifyRequest, reply: FastifyReply, issued: IssuedTokens, accessCookie: boolean): void {
    const { grant, refreshToken } = issued;
    const isFull = accessCookie || this.hasCsrfCookie(request, grant);
    // With others written beside it, it is written too: somebody else may have signed in meanwhile, in another tab.
    if (isFull || this.refreshToken(request, grant.applicationId) !== refreshToken)
      this.set(reply, 'refresh', grant.applicationId, refreshToken, endOf(issued));
    if (isFull) return this.writeAccess(reply, issued);
    for (const kind of ['access', 'csrf'] as const) {
      if (this.read(request, kind, grant.applicationId) !== null) this.clear(reply, kind, grant.applicationId);
    }
  }

  /**
   * For a sign-out, and only then: clears the cookies of the session that ended, and leaves any other one's alone. A
   * refusal never clears a cookie: a late one would erase a newer sign-in.
   */
  forget(request: FastifyRequest, reply: FastifyReply, { applicationId, sessionId }: TokenSession): void {
    const clearIf = (ended: boolean, kind: Kind) => ended && this.clear(reply, kind, applicationId);
    clearIf(this.sessionOf(request, applicationId) === sessionId, 'refresh');
    clearIf(sessionNamedIn(this.accessToken(request, applicationId)) === sessionId, 'access');
    clearIf(this.hasCsrfCookie(request, { applicationId, sessionId }), 'csrf');
  }

  private hasCsrfCookie(request: FastifyRequest, { applicationId, sessionId }: TokenSession): boolean {
    return this.isCsrfToken(this.read(request, 'csrf', applicationId) ?? '', sessionId);
  }

  private writeAccess(reply: FastifyReply, issued: IssuedTokens): void {
    const { grant, accessToken, expiresIn } = issued;
    const { applicationId, sessionId, remembered } = grant;
    // The access token of who is not to be remembered must not outlast the browser either.
    const length = this.set(reply, 'access', applicationId, accessToken, remembered ? { maxAge: expiresIn } : {});
    this.set(reply, 'csrf', applicationId, csrfTokenOf(sessionId, this.csrfKeys), endOf(issued));
    if (length > LONGEST_COOKIE)
      this.logger.error(`An access token of ${length} bytes fits no cookie. Do its claims providers add too much?`);
  }

  private read(request: FastifyRequest, kind: Kind, applicationId: string): string | null {
    return request.cookies[this.nameOf(kind, applicationId)] ?? null;
  }

  /** Returns the length of name and value. */
  private set(reply: FastifyReply, kind: Kind, applicationId: string, value: string, lasting: object): number {
    const name = this.nameOf(kind, applicationId);
    reply.setCookie(name, value, { ...this.attributes(kind), ...lasting });
    return name.length + value.length;
  }

  private clear(reply: FastifyReply, kind: Kind, applicationId: string): void {
    reply.clearCookie(this.nameOf(kind, applicationId), this.attributes(kind));
  }

  private nameOf(kind: Kind, applicationId: string): string {
    if (kind === 'csrf') return `portcullis-csrf-${applicationId}`;
    return `${this.secure ? '__Host-' : ''}portcullis-${kind === 'access' ? 'access-' : ''}${applicationId}`;
  }

  private attributes(kind: Kind) {
    return { path: '/', httpOnly: kind !== 'csrf', secure: this.secure, sameSite: 'lax' as const };
  }
}

/** Remembered: until the session's absolute end; else until the browser closes. */
function endOf({ grant }: IssuedTokens): { expires?: Date } {
  return grant.remembered ? { expires: grant.expiresAt } : {};
}
