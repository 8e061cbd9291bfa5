import { Injectable } from '@nestjs/common';
import type { Client } from '../applications/application-credentials.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import { Config } from '../config.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { TokenDenialService } from '../revocation/token-denial.service.js';
import { hashSecret, parseRefreshTokenOf } from '../sessions/refresh-token.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { ClientAccessTokens } from './client-access-tokens.service.js';

/** Takes back what a client holds (RFC 7009). What is not its own costs no statement, and changes nothing. */
@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly config: Config,
    private readonly accessTokens: ClientAccessTokens,
    private readonly denials: TokenDenialService,
    private readonly revocations: RevocationsService,
    private readonly sessions: SessionsService,
  ) {}

  /** A refresh token is a sign-out; an access token is refused from now on, and nothing else (decision 25). */
  async revoke(token: string, client: Client, source: RequestSource): Promise<void> {
    const refreshToken = parseRefreshTokenOf(client.applicationId, token, this.config.refreshTokenKeys);
    if (!refreshToken) return this.deny(token, client, source);
    const { sessionId, secret } = refreshToken;
    return this.sessions.signOut({ sessionId, secretHash: hashSecret(secret) }, source, provenActor(client));
  }

  private async deny(token: string, client: Client, source: RequestSource): Promise<void> {
    const { applicationId } = client;
    const found = await this.accessTokens.find(token, applicationId);
    if (!found) return;
    const { sub: userId, sid: sessionId, jti } = found.claims;
    const act = { actor: provenActor(client) ?? `user:${userId}`, reason: 'revoked_by_client', source };
    try {
      await this.denials.denyToken(jti, act, { userId, sessionId, applicationId });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
      // To revoke twice is no fault (RFC 7009 §2.2). But who denied it may have been another instance, and that answer
      // means that this one refuses it too.
      await this.revocations.confirm();
    }
  }
}

/** Undefined for a client that only says who it is: the audit has the token's person then (decision 25). */
function provenActor({ applicationId, authenticated }: Client): string | undefined {
  return authenticated ? `application:${applicationId}` : undefined;
}
