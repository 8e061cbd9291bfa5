import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { justified, type Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import { checked } from '../common/checked.js';
import { AppError } from '../common/errors/app-error.js';
import { RevocationsInForceService } from './revocations-in-force.service.js';
import { RevocationsService } from './revocations.service.js';

/** As this service makes them. */
export const TokenId = z.uuid('The jti of an access token of this service is a UUID.');

@Injectable()
export class TokenDenialService {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly inForce: RevocationsInForceService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Refuses one access token, by its `jti`; its session goes on, and refreshes. Nobody keeps a list of tokens, so the
   * entry stays for as long as any token now in circulation can live. `of`: whose it is, where that is known.
   * Throws `validation_failed` without a reason, `conflict` when it is denied already.
   */
  async denyToken(
    tokenId: string,
    given: Act,
    of: { userId?: string; sessionId?: string; applicationId?: string } = {},
  ): Promise<void> {
    const act = justified(given);
    const jti = checked(TokenId, tokenId, '/subject').toLowerCase();
    await this.assertNotDenied(jti);
    const { userId = null, sessionId = null, applicationId = null } = of;
    const { actor, reason } = act;
    await this.revocations.commit(async (tx) => {
      const details = { jti };
      await this.audit.record(tx, { ...act, type: 'token.denied', userId, sessionId, applicationId, details });
      return { result: undefined, revocations: [{ kind: 'token', subject: jti, applicationId, reason, actor }] };
    });
  }
  /** The table is asked: a command does not follow the log. Two who deny it at once write two lines, which is no harm. */
  private async assertNotDenied(subject: string): Promise<void> {
    const { items } = await this.inForce.list({ kind: 'token', subject, limit: 1 });
    if (items.length > 0) throw new AppError('conflict', { detail: 'The token is denied already.' });
  }
}
