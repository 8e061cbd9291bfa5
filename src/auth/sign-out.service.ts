import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import type { RequestSource } from '../common/request-source.js';
import { Config } from '../config.js';
import { hashSecret, parseRefreshToken, type RefreshToken } from '../sessions/refresh-token.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokenVerification } from '../tokens/access-token-verification.js';
import type { PresentedRefreshToken } from './token-transport.js';

/** What a client signs out with: either is enough. */
export interface SignOutProof {
  accessToken: string | null;
  refreshToken: PresentedRefreshToken | null;
}

@Injectable()
export class SignOutService {
  constructor(
    private readonly config: Config,
    private readonly verification: AccessTokenVerification,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Ends the session that the tokens are of. One that has ended already stays ended. Throws `token_missing` without
   * any, `validation_failed` when they are of different sessions, and what is wrong with the only one there is.
   */
  async signOut({ accessToken, refreshToken }: SignOutProof, source: RequestSource): Promise<void> {
    if (!refreshToken && accessToken === null) throw new AppError('token_missing');
    // A refresh token lasts longer than an access token, so it decides; an access token beside it must not contradict.
    if (refreshToken) return this.byRefreshToken(refreshToken, accessToken, source);
    const principal = this.bearerOf(accessToken!);
    if (principal) await this.sessions.signOut(principal, source);
  }

  private async byRefreshToken(
    { token, binding }: PresentedRefreshToken,
    accessToken: string | null,
    source: RequestSource,
  ): Promise<void> {
    const parsed = parseRefreshToken(token, binding, this.config.refreshTokenKeys);
    if (!parsed) throw new AppError('refresh_token_invalid', { log: 'sign-out' });
    this.assertSameSession(parsed, accessToken);
    await this.sessions.signOut({ sessionId: parsed.sessionId, secretHash: hashSecret(parsed.secret) }, source);
  }

  /** An access token that is no good any more says nothing of whose it was. */
  private assertSameSession({ sessionId }: RefreshToken, accessToken: string | null): void {
    const principal = accessToken === null ? null : this.verification.find(accessToken);
    if (!principal || principal.sessionId === sessionId) return;
    throw new AppError('validation_failed', {
      detail: 'The access token and the refresh token are of different sessions: send one of them.',
    });
  }

  /** Null when its session has ended already. Throws the refusal of a token that is no good otherwise. */
  private bearerOf(accessToken: string): Principal | null {
    try {
      return this.verification.authenticate(accessToken);
    } catch (error) {
      if (error instanceof AppError && error.code === 'session_ended') return null;
      throw error;
    }
  }
}
