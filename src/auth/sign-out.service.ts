import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import type { RequestSource } from '../common/request-source.js';
import { Config } from '../config.js';
import { hashSecret, parseRefreshToken, type PresentedRefreshToken } from '../sessions/refresh-token.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokenVerification } from '../tokens/access-token-verification.js';
import type { TokenSession } from './session-cookies.js';
import { sessionNamedIn } from './session-named-in.js';
import type { SignOutProof } from './token-transport.js';

@Injectable()
export class SignOutService {
  constructor(
    private readonly config: Config,
    private readonly verification: AccessTokenVerification,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Ends the session that the tokens are of, and returns it; null when the access token's had ended already. Throws
   * `token_missing` without any, `credentials_ambiguous` when they are of different sessions, and what is wrong with the
   * only one there is.
   */
  async signOut({ accessToken, refreshToken }: SignOutProof, source: RequestSource): Promise<TokenSession | null> {
    // A refresh token lasts longer than an access token, so it decides; an access token beside it must not contradict.
    if (refreshToken) return this.byRefreshToken(refreshToken, accessToken, source);
    if (accessToken === null) throw new AppError('token_missing');
    const principal = await this.bearerOf(accessToken);
    if (principal) await this.sessions.signOut(principal, source);
    return principal;
  }

  private async byRefreshToken(
    { token, binding }: PresentedRefreshToken,
    accessToken: string | null,
    source: RequestSource,
  ): Promise<TokenSession> {
    const parsed = parseRefreshToken(token, binding, this.config.refreshTokenKeys);
    if (!parsed) throw new AppError('refresh_token_invalid', { log: 'sign-out' });
    const { sessionId, secret } = parsed;
    const named = sessionNamedIn(accessToken);
    if (named !== null && named !== sessionId) throw new AppError('credentials_ambiguous');
    await this.sessions.signOut({ sessionId, secretHash: hashSecret(secret) }, source);
    return { sessionId, applicationId: binding.applicationId };
  }

  /** Null when its session has ended already. Throws the refusal of a token that is no good otherwise. */
  private async bearerOf(accessToken: string): Promise<Principal | null> {
    try {
      await this.verification.findKey(accessToken);
      return this.verification.authenticate(accessToken).principal;
    } catch (error) {
      if (error instanceof AppError && error.code === 'session_ended') return null;
      throw error;
    }
  }
}
