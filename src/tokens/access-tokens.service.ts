import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { randomUUID } from 'node:crypto';
import { Config } from '../config.js';
import { KeysService } from '../keys/keys.service.js';
import { ClaimsProviders, type AdditionalClaims, type ClaimsSubject } from './claims-providers.js';

/** What one statement of the database allowed: an access token for this session, as both stood at that moment. */
export interface AccessGrant {
  userId: string;
  sessionId: string;
  applicationId: string;
  audience: string;
  userVersion: number;
  applicationVersion: number;
  roles: string[];
  amr: string[];
  /** The database's clock in the statement that allowed the token; seconds since 1970. */
  issuedAt: number;
  /** When the person last proved who they are; seconds since 1970. */
  authenticatedAt: number;
  /** The session's absolute end, which no token outlives; seconds since 1970. */
  sessionExpiresAt: number;
  /** Seconds that the application lets a token live. */
  life: number;
}

export interface IssuedAccessToken {
  accessToken: string;
  /** Seconds (RFC 6749 §5.1). */
  expiresIn: number;
}

@Injectable()
export class AccessTokensService {
  constructor(
    private readonly config: Config,
    private readonly jwt: JwtService,
    private readonly keys: KeysService,
    private readonly providers: ClaimsProviders,
  ) {}

  /** Whether modules add claims, which takes knowing for whom. */
  get addsClaims(): boolean {
    return !this.providers.isEmpty;
  }

  /**
   * Does what may fail before a token is issued, so that nothing is spent on one that then cannot be made. Throws
   * `unavailable` while no signing key is loaded, and what a provider throws. `subject`: null when nobody adds claims.
   */
  async prepare(subject: ClaimsSubject | null): Promise<AdditionalClaims> {
    await this.keys.ensureSigningKey();
    if (!subject) return {};
    const { userId, sessionId, applicationId } = subject;
    return this.providers.claimsFor({ userId, sessionId, applicationId });
  }

  /** A signed access token (RFC 9068), with what `prepare` returned. */
  issue(grant: AccessGrant, additional: AdditionalClaims): IssuedAccessToken {
    const { userId, sessionId, applicationId } = grant;
    const { kid, algorithm, privateKey } = this.keys.signingKey();
    const issuedAt = Math.floor(grant.issuedAt);
    const expiresAt = Math.min(issuedAt + grant.life, Math.floor(grant.sessionExpiresAt));
    const claims = {
      ...additional,
      iss: this.config.publicUrl,
      sub: userId,
      aud: grant.audience,
      exp: expiresAt,
      iat: issuedAt,
      jti: randomUUID(),
      client_id: applicationId,
      sid: sessionId,
      ver: grant.userVersion,
      aver: grant.applicationVersion,
      auth_time: Math.floor(grant.authenticatedAt),
      acr: assuranceOf(grant.amr),
      amr: grant.amr,
      roles: grant.roles,
    };
    const accessToken = this.jwt.sign(claims, {
      privateKey,
      algorithm,
      header: { typ: 'at+jwt', alg: algorithm, kid },
    });
    return { accessToken, expiresIn: expiresAt - issuedAt };
  }
}

/** NIST SP 800-63B-4 §2: a second factor makes level 2. */
function assuranceOf(amr: string[]): 'aal1' | 'aal2' {
  return amr.includes('mfa') ? 'aal2' : 'aal1';
}
