import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { RefreshInspectionService } from '../sessions/refresh-inspection.service.js';
import { ClientAccessTokens } from './client-access-tokens.service.js';
import type { Introspection } from './oauth.dto.js';

/** RFC 7662 §2.2: it does not say why. */
const INACTIVE = { active: false } as const;

/**
 * Says of a token what the service itself would, by a look at the log that began after the question came: who asks has a
 * limit of his own on how old an answer may be, which nobody here knows. All who wait share the look, and an access token
 * costs no other statement of the database.
 */
@Injectable()
export class TokenIntrospectionService {
  constructor(
    private readonly config: Config,
    private readonly sync: RevocationSync,
    private readonly accessTokens: ClientAccessTokens,
    private readonly refreshTokens: RefreshInspectionService,
  ) {}

  /** Throws `revocation_unavailable` when what is revoked is not known, whatever the token. */
  async introspect(token: string, applicationId: string): Promise<Introspection> {
    await this.sync.awaitFresh();
    return (
      (await this.ofAccessToken(token, applicationId)) ?? (await this.ofRefreshToken(token, applicationId)) ?? INACTIVE
    );
  }

  private async ofAccessToken(token: string, applicationId: string): Promise<Introspection | null> {
    const admitted = await this.accessTokens.find(token, applicationId);
    // Last, so that no claim of a module passes for them.
    return admitted && { ...admitted.claims, active: true, token_type: 'Bearer' };
  }

  /** Neither audience nor roles: it opens no route, and must not seem to. */
  private async ofRefreshToken(token: string, applicationId: string): Promise<Introspection | null> {
    const session = await this.refreshTokens.findUsable(token, applicationId);
    if (!session) return null;
    return {
      active: true,
      token_type: 'refresh_token',
      client_id: applicationId,
      sub: session.userId,
      iss: this.config.publicUrl,
      exp: Math.floor(session.idleExpiresAt.getTime() / 1000),
      sid: session.sessionId,
      auth_time: Math.floor(session.authenticatedAt.getTime() / 1000),
    };
  }
}
