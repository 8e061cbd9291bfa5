import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { AccessTokensService, type AccessGrant } from '../tokens/access-tokens.service.js';
import type { AdditionalClaims, ClaimsSubject } from '../tokens/claims-providers.js';
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
    private readonly accessTokens: AccessTokensService,
  ) {}

  /** Whether `prepare` has to be told for whom. */
  get needSubject(): boolean {
    return this.accessTokens.addsClaims;
  }

  /** Does what may fail, before a session or a refresh token is spent on it; `issue` takes what it returns. */
  prepare(subject: ClaimsSubject | null): Promise<AdditionalClaims> {
    return this.accessTokens.prepare(subject);
  }

  /** A fresh access token and the refresh token of the grant's generation: the same one, however often it is asked for. */
  issue(grant: SessionGrant, secret: string, additional: AdditionalClaims): IssuedTokens {
    const access: AccessGrant = {
      ...grant,
      issuedAt: seconds(grant.now),
      authenticatedAt: seconds(grant.authenticatedAt),
      sessionExpiresAt: seconds(grant.expiresAt),
      life: grant.accessTokenTtl ?? this.config.accessTokenTtl,
    };
    const { accessToken, expiresIn } = this.accessTokens.issue(access, additional);
    const refreshToken = formatRefreshToken({ ...grant, secret }, grant, this.config.refreshTokenKeys);
    return { grant, accessToken, expiresIn, refreshToken };
  }
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
