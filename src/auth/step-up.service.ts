import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import type { RequestSource } from '../common/request-source.js';
import { Database } from '../database/database.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { SignInSessionsService, type IssueTokens } from '../sessions/sign-in-sessions.service.js';
import { AccountEvents } from '../users/account-events.js';
import type { Credentials } from '../users/credentials.js';
import { CredentialsService } from '../users/credentials.service.js';
import { SignInLimitsService } from './sign-in-limits.service.js';

/** How often a proof starts again because the account changed while the password was being checked. */
const ATTEMPTS = 3;

/** The person proves again who they are: for something sensitive, or to change the password. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialsService,
    private readonly devices: SessionsService,
    private readonly sessions: SignInSessionsService,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
    private readonly limits: SignInLimitsService,
  ) {}

  /** New tokens with a new `auth_time`. Throws `credentials_invalid`, `session_ended`, `too_many_requests`. */
  async reauthenticate(principal: Principal, password: string, source: RequestSource): Promise<IssuedTokens> {
    const { userId, sessionId } = principal;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const proof = await this.prove(principal, password);
      const claims = await this.sessions.prepare(principal);
      const issue = await this.database.transaction(async (tx) => {
        const session = { sessionId, userId, userVersion: proof.tokenVersion };
        const issue = await this.sessions.reissue(tx, session, claims);
        const actor = `user:${userId}`;
        if (issue) await this.audit.record(tx, { type: 'session.reauthenticated', userId, actor, sessionId, source });
        return issue;
      });
      if (issue) return issue();
      await this.devices.getCurrent(userId, sessionId);
    }
    throw accountBusy();
  }

  /**
   * Sets a new password: this session stays, with new tokens; all others end; every access token issued before is
   * outdated. Throws `credentials_invalid`, `validation_failed`, `session_ended`, `too_many_requests`.
   */
  async changePassword(
    principal: Principal,
    passwords: { current: string; next: string },
    source: RequestSource,
  ): Promise<IssuedTokens> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const proof = await this.prove(principal, passwords.current);
      const passwordHash = await this.credentials.hashNew(proof, passwords);
      const issue = await this.replacePassword(principal, proof, passwordHash, source);
      if (issue) return issue();
    }
    throw accountBusy();
  }

  private prove({ userId, sessionId }: Principal, password: string): Promise<Credentials> {
    return this.limits.stepUp(sessionId, () => this.credentials.prove({ userId }, password));
  }

  /** Null when the account changed since `proof`. */
  private async replacePassword(
    principal: Principal,
    proof: Credentials,
    passwordHash: string,
    source: RequestSource,
  ): Promise<IssueTokens | null> {
    const { userId, sessionId } = principal;
    const claims = await this.sessions.prepare(principal);
    const actor = `user:${userId}`;
    const reason = 'password_changed';
    return this.revocations.commit<IssueTokens | null>(async (tx) => {
      const raised = await this.credentials.replacePassword(tx, proof, passwordHash);
      if (!raised) return { result: null, revocations: [] };
      const { version: minVersion, previousFloor: floor } = raised;
      const session = { sessionId, userId, userVersion: minVersion, floor };
      const result = await this.sessions.reissue(tx, session, claims);
      if (!result) throw new AppError('session_ended');
      await this.events.emit(tx, 'signedOutEverywhere', { userId, kept: sessionId, reason });
      await this.audit.record(tx, { type: 'password.changed', userId, actor, sessionId, source });
      return { result, revocations: [{ kind: 'user', subject: userId, minVersion, reason, actor }] };
    });
  }
}

function accountBusy(): AppError {
  return new AppError('unavailable', { log: 'the account changed during every attempt', retryAfter: 1 });
}
