import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AuditService } from '../audit/audit.service.js';
import type { RequestSource } from '../common/request-source.js';
import { RateLimitsService, type Attempt } from '../limits/rate-limits.service.js';
import { sourceNetwork } from '../limits/source-network.js';
import { CredentialsService } from '../users/credentials.service.js';

/**
 * Who may try a password, and how often: for each account and source, for each source, and for each account from all
 * the sources that are new to it. Nobody is kept out of an account by strangers elsewhere: one source spends little of
 * what the account allows, and where the person has signed in before, what strangers spent does not count.
 */
@Injectable()
export class SignInLimitsService {
  constructor(
    private readonly limits: RateLimitsService,
    private readonly credentials: CredentialsService,
    private readonly audit: AuditService,
  ) {}

  /** `email`: normalised. The same for an account and for an address that has none. Throws `too_many_requests`. */
  signIn<T>(email: string, source: RequestSource, work: () => Promise<T>): Promise<T> {
    const network = sourceNetwork(source.ip);
    const account = createHash('sha256').update(email).digest('hex');
    // The source first: one that is refused leaves no row for each account that it goes on to name.
    const attempts: Attempt[] = [
      { limit: 'sign_in.source', subject: network },
      { limit: 'sign_in.account_source', subject: `${account}:${network}` },
      { limit: 'sign_in.account', subject: account, exempt: () => this.isKnown(email, source) },
    ];
    return this.limits.countFailures(attempts, work);
  }

  /** Counts every attempt: whether an address is taken is what a stranger would ask. Throws `too_many_requests`. */
  register(source: RequestSource): Promise<void> {
    return this.limits.spend({ limit: 'register.source', subject: sourceNetwork(source.ip) });
  }

  /** Who is signed in proves it again. Nobody else reaches this limit. Throws `too_many_requests`. */
  stepUp<T>(sessionId: string, work: () => Promise<T>): Promise<T> {
    return this.limits.countFailures([{ limit: 'step_up.session', subject: sessionId }], work);
  }

  /** Whether the account has been signed in to from there before. An address without an account takes as long. */
  private async isKnown(email: string, { ip }: RequestSource): Promise<boolean> {
    if (ip === null) return false;
    return this.audit.hasSignedInFrom(await this.credentials.findUserId(email), sourceNetwork(ip));
  }
}
