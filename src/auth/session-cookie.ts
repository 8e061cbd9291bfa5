import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import '@fastify/cookie';
import { Config } from '../config.js';
import { parseRefreshToken } from '../sessions/refresh-token.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';

/**
 * The refresh token's cookie, one for each application: `__Host-` (this host only, no Domain), HttpOnly, Secure,
 * SameSite=Lax. Plain only where PUBLIC_URL is http on loopback, as Secure cookies do not reach every browser there.
 */
@Injectable()
export class SessionCookie {
  private readonly secure: boolean;

  constructor(private readonly config: Config) {
    this.secure = new URL(config.publicUrl).protocol === 'https:';
  }

  read(request: FastifyRequest, applicationId: string): string | null {
    return request.cookies[this.nameOf(applicationId)] ?? null;
  }

  /** The session whose cookie it is; null without one, or for one that is not ours. Asks no database. */
  sessionOf(request: FastifyRequest, applicationId: string): string | null {
    const binding = { applicationId, delivery: 'cookie' as const };
    const token = parseRefreshToken(this.read(request, applicationId) ?? '', binding, this.config.refreshTokenKeys);
    return token?.sessionId ?? null;
  }

  /** Remembered: until the session's absolute end; else until the browser closes. */
  write(reply: FastifyReply, { grant, refreshToken }: IssuedTokens): void {
    const lasting = grant.remembered ? { expires: grant.expiresAt } : {};
    reply.setCookie(this.nameOf(grant.applicationId), refreshToken, { ...this.attributes(), ...lasting });
  }

  /** Only for a sign-out. A refusal never clears the cookie: a late one would erase a newer sign-in. */
  clear(reply: FastifyReply, applicationId: string): void {
    reply.clearCookie(this.nameOf(applicationId), this.attributes());
  }

  private nameOf(applicationId: string): string {
    return `${this.secure ? '__Host-' : ''}portcullis-${applicationId}`;
  }

  private attributes() {
    return { path: '/', httpOnly: true, secure: this.secure, sameSite: 'lax' as const };
  }
}
