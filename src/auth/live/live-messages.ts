import { Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors/app-error.js';
import { RevocationSync } from '../../revocation/revocation-sync.js';
import { LastActivityService } from '../../sessions/last-activity.service.js';
import { AccessTokenVerification } from '../../tokens/access-token-verification.js';
import { assertApplication } from '../own-application.js';
import { RecentAuth } from '../recent-auth.js';
import type { RoutePolicy } from '../route-policy.js';
import { connectionOf } from './live-connections.js';

/** Who may send a message: each is checked as a request is, with the token that holds its connection open. */
@Injectable()
export class LiveMessages {
  constructor(
    private readonly clock: Clock,
    private readonly sync: RevocationSync,
    private readonly verification: AccessTokenVerification,
    private readonly activity: LastActivityService,
    private readonly recentAuth: RecentAuth,
  ) {}

  /** For the access guard. Throws the refusal; `policy` is not a public one. */
  async admit(client: WebSocket, policy: RoutePolicy): Promise<true> {
    if (!this.sync.isFresh(this.clock.now(), policy.staleness)) await this.sync.awaitFresh();
    // Now, not before: it may have been renewed meanwhile.
    const token = connectionOf(client)?.token;
    if (token == null) throw new AppError('token_missing');
    const { principal } = this.verification.authenticate(token);
    assertApplication(principal, policy);
    if (policy.roles && !policy.roles.some((role) => principal.roles.includes(role))) throw new AppError('forbidden');
    if (policy.recentAuth !== null) this.recentAuth.assert(principal, policy.recentAuth);
    if (policy.countsAsUse) this.activity.note(principal.sessionId);
    return true;
  }
}
