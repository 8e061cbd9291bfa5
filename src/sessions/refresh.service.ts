import { Injectable, Logger } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import { Metrics } from '../common/metrics/metrics.js';
import type { RequestSource } from '../common/request-source.js';
import { Config } from '../config.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import type { AdditionalClaims } from '../tokens/claims-providers.js';
import { AccountEvents } from '../users/account-events.js';
import { DeadTokens } from './dead-tokens.js';
import { describeDevice } from './device.js';
import { hashSecret, parseRefreshToken, type PresentedRefreshToken } from './refresh-token.js';
import { RefreshRepository, type PresentedToken } from './refresh.repository.js';
import { judgeRefresh, type RefreshVerdict } from './refresh-verdict.js';
import type { SessionGrant } from './session-grant.js';
import { SessionSignals } from './session-signals.js';
import { SessionTokensService, type IssuedTokens } from './session-tokens.service.js';

/** Rotations that a refresh may lose to others before it is told to come back. One is lost only to a re-issue. */
const ATTEMPTS = 3;

const REUSED = 'refresh_token_reused';

interface Refusal {
  verdict: Exclude<RefreshVerdict, 'rotate' | 'repeat'>;
  endReason: string | null;
  /** What the database says is the current one, where it knows the session. */
  generation?: number | undefined;
}

/**
 * Refresh-token rotation as one counter per device. A lost answer is made again for whoever asks within the grace, and a
 * copy is caught at its next divergent use. Whatever number of tabs of a browser ask, in whatever order they are heard
 * and on however many instances, nobody is signed out for it: `judgeRefresh` says why.
 */
@Injectable()
export class RefreshService {
  private readonly logger = new Logger(RefreshService.name);
  private readonly dead: DeadTokens;

  constructor(
    private readonly config: Config,
    private readonly refreshes: RefreshRepository,
    private readonly tokens: SessionTokensService,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
    private readonly signals: SessionSignals,
    private readonly metrics: Metrics,
    clock: Clock,
  ) {
    this.dead = new DeadTokens(clock);
  }

  /**
   * New tokens for a refresh token. Throws `refresh_token_invalid`, `session_ended`, `account_suspended`,
   * `application_disabled`, or, having ended the session, `refresh_token_reused`.
   */
  async refresh(given: PresentedRefreshToken, source: RequestSource): Promise<IssuedTokens> {
    const { binding, byBrowser } = given;
    const token = parseRefreshToken(given.token, binding, this.config.refreshTokenKeys);
    if (!token) {
      this.metrics.count('portcullis_refreshes_total', 'invalid');
      throw new AppError('refresh_token_invalid', { log: 'malformed, or not made by this server for this use' });
    }

    const { sessionId, generation, secret } = token;
    const presented = { ...binding, sessionId, generation, secretHash: hashSecret(secret), byBrowser };
    const dead = this.dead.find(presented);
    if (dead) return this.refuse(dead, presented, source);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { claims, version } = await this.prepare(presented);
      const rotated = await this.refreshes.rotate(presented, source.ip);
      if (rotated) return this.renew(atMost(version, rotated), secret, claims);

      const found = await this.refreshes.find(presented);
      const verdict = judgeRefresh(presented, found?.evidence ?? null);
      if (verdict === 'repeat' && found) return this.repeat(atMost(version, found.grant), secret, claims);
      if (verdict === 'rotate' || verdict === 'repeat') continue;
      const endReason = found?.endReason ?? null;
      if (verdict === 'ended' || (verdict === 'invalid' && !found)) this.dead.add(presented, { verdict, endReason });
      return this.refuse({ verdict, endReason, generation: found?.grant.generation }, presented, source);
    }
    throw new AppError('unavailable', { log: 'a refresh lost every attempt to rotate', retryAfter: 1 });
  }

  /**
   * Everything that may fail comes before the rotation: a claims provider that is down must not cost the person the
   * token. The claims are of the version that was read with them.
   */
  private async prepare(token: PresentedToken): Promise<{ claims: AdditionalClaims; version: number }> {
    const found = this.tokens.needSubject ? await this.refreshes.find(token) : null;
    const subject = found?.evidence.alive ? found.grant : null;
    return { claims: await this.tokens.prepare(subject), version: subject?.userVersion ?? Infinity };
  }

  private renew(grant: SessionGrant, secret: string, claims: AdditionalClaims): IssuedTokens {
    this.metrics.count('portcullis_refreshes_total', 'rotate');
    this.signals.renewed(grant);
    return this.tokens.issue(grant, secret, claims);
  }

  private repeat(grant: SessionGrant, secret: string, claims: AdditionalClaims): IssuedTokens {
    this.metrics.count('portcullis_refreshes_total', 'repeat');
    return this.tokens.issue(grant, secret, claims);
  }

  private async refuse(refusal: Refusal, token: PresentedToken, source: RequestSource): Promise<never> {
    const { verdict, endReason } = refusal;
    const { sessionId, generation } = token;
    this.metrics.count('portcullis_refreshes_total', verdict);
    switch (verdict) {
      case 'suspended':
        throw new AppError('account_suspended');
      case 'disabled':
        throw new AppError('application_disabled');
      case 'ended':
        throw new AppError('session_ended', { extensions: { reason: endReason } });
      case 'reused':
        await this.endReused(token, source);
        throw new AppError(REUSED);
      case 'ahead':
        // Not a theft: the database is an older state of itself, and the token is from its lost future.
        this.logger.error({
          message: 'A refresh token is ahead of the database. Was a backup restored? See the runbook.',
          sessionId,
          generation,
          databaseGeneration: refusal.generation,
        });
        throw new AppError('refresh_token_invalid', { log: 'generation ahead of the database' });
      default:
        throw new AppError('refresh_token_invalid', { log: 'unknown session, or another secret' });
    }
  }

  private async endReused(token: PresentedToken, source: RequestSource): Promise<void> {
    const { sessionId, generation, applicationId } = token;
    const userId = await this.revocations.commit(async (tx) => {
      const ended = await this.refreshes.endReused(tx, token, REUSED);
      if (!ended) return { result: undefined, revocations: [] };
      const { userId } = ended;
      await this.events.emit(tx, 'sessionEnded', { userId, sessionId, reason: REUSED });
      await this.audit.record(tx, {
        type: 'refresh_token.reused',
        userId,
        actor: 'system',
        sessionId,
        applicationId,
        source,
        reason: REUSED,
        details: { device: ended.name ?? describeDevice(ended.device), generation },
      });
      return {
        result: userId,
        revocations: [{ kind: 'session', subject: sessionId, applicationId, reason: REUSED, actor: 'system' }],
      };
    });
    if (userId !== undefined) this.signals.devicesChanged(userId);
  }
}

/** Claims that were read at an older version make an older token, which is refused as outdated and refreshed again. */
function atMost(version: number, grant: SessionGrant): SessionGrant {
  return grant.userVersion <= version ? grant : { ...grant, userVersion: version };
}
