import { Injectable } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { Config } from '../config.js';
import { AccessTokensService } from '../tokens/access-tokens.service.js';
import { formatRefreshToken } from './refresh-token.js';
import type { SessionGrant } from './session-grant.js';

/** Both tokens of a session, and what a front end shows about it. */
export interface IssuedTokens {
  grant: SessionGrant;
  accessToken: string;
  /** Seconds that the access token lives. */
  expiresIn: number;
  refreshToken: string;
}

@Injectable()
export class SessionTokensService {
  constructor(
    private readonly config: Config,
    private readonly applications: ApplicationsService,
    private readonly accessTokens: AccessTokensService,
  ) {}

  /** A fresh access token and the refresh token of the grant's generation: the same one, however often it is asked for. */
  async issue(grant: SessionGrant, secret: string): Promise<IssuedTokens> {
    const { accessToken, expiresIn } = await this.accessTokens.issue({
      ...grant,
      issuedAt: seconds(grant.now),
      authenticatedAt: seconds(grant.authenticatedAt),
      sessionExpiresAt: seconds(grant.expiresAt),
      life: this.applications.accessTokenLifeOf(grant.applicationId),
    });
    const refreshToken = formatRefreshToken({ ...grant, secret }, grant, this.config.refreshTokenKeys);
    return { grant, accessToken, expiresIn, refreshToken };
  }
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
