import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditService } from '../audit/audit.service.js';
import { Metrics } from '../common/metrics/metrics.js';
import type { RequestSource } from '../common/request-source.js';
import { Database, type Transaction } from '../database/database.js';
import type { AdditionalClaims, ClaimsSubject } from '../tokens/claims-providers.js';
import type { Credentials } from '../users/credentials.js';
import { describeDevice, parseDevice } from './device.js';
import { hashSecret, newSecret } from './refresh-token.js';
import { RefreshRepository, type ProvedSession } from './refresh.repository.js';
import type { Delivery } from '../applications/delivery.js';
import type { SessionGrant } from './session-grant.js';
import { SessionSignals } from './session-signals.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { SessionTokensService, type IssuedTokens } from './session-tokens.service.js';

/** How a device signs in. */
export interface SignInOptions {
  applicationId: string;
  delivery: Delivery;
  remember: boolean;
  deviceName: string | null;
}

/** Makes the tokens of a session that is committed. */
export type IssueTokens = () => IssuedTokens;

/** RFC 8176: what a password proves. */
const PASSWORD_AMR = ['pwd'];

/** Starts the session of a sign-in, and re-issues the tokens of one whose person proved who they are again. */
@Injectable()
export class SignInSessionsService {
  constructor(
    private readonly database: Database,
    private readonly applications: ApplicationsService,
    private readonly sessions: SessionsRepository,
    private readonly refreshes: RefreshRepository,
    private readonly devices: SessionsService,
    private readonly tokens: SessionTokensService,
    private readonly audit: AuditService,
    private readonly signals: SessionSignals,
    private readonly metrics: Metrics,
  ) {}

  /**
   * A new session with a new id, always. Null when the account is no longer as it was when its password was checked, or
   * everyone was signed out of the application since: check it again. Throws `application_disabled`.
   */
  async start(proof: Credentials, options: SignInOptions, source: RequestSource): Promise<IssuedTokens | null> {
    const secret = newSecret();
    const sessionId = randomUUID();
    // The insert requires the account to be as it was proved, so the claims are those of its version.
    const claims = await this.tokens.prepare({ userId: proof.userId, sessionId, applicationId: options.applicationId });
    const grant = await this.database.transaction((tx) => this.insert(tx, sessionId, proof, options, secret, source));
    if (!grant) {
      await this.applications.assertEnabled(options.applicationId);
      return null;
    }
    this.metrics.count('portcullis_sign_ins_total');
    await this.devices.endSurplus(grant.userId, grant.sessionId);
    this.signals.devicesChanged(grant.userId);
    return this.tokens.issue(grant, secret, claims);
  }

  /** Throws `application_disabled` where nobody can sign in. */
  assertOpen(applicationId: string): Promise<void> {
    return this.applications.assertEnabled(applicationId);
  }

  /** What `reissue` wants, asked for after the proof and before the transaction. */
  prepare(subject: ClaimsSubject): Promise<AdditionalClaims> {
    return this.tokens.prepare(subject);
  }

  /**
   * Within `tx`: a new refresh token with a new secret, so that what was issued before the proof is worth nothing.
   * Returns what makes the tokens once `tx` is committed; null when the session is not alive, or the account is no
   * longer as it was proved.
   */
  async reissue(tx: Transaction, session: ProvedSession, claims: AdditionalClaims): Promise<IssueTokens | null> {
    const secret = newSecret();
    const grant = await this.refreshes.reissue(tx, session, hashSecret(secret));
    return grant && (() => this.renew(grant, secret, claims));
  }

  private renew(grant: SessionGrant, secret: string, claims: AdditionalClaims): IssuedTokens {
    this.signals.renewed(grant);
    return this.tokens.issue(grant, secret, claims);
  }

  private async insert(
    tx: Transaction,
    sessionId: string,
    proof: Credentials,
    { applicationId, delivery, remember, deviceName }: SignInOptions,
    secret: string,
    source: RequestSource,
  ): Promise<SessionGrant | null> {
    const { userId } = proof;
    const device = parseDevice(source.userAgent);
    const grant = await this.sessions.insert(tx, {
      id: sessionId,
      userId,
      userVersion: proof.tokenVersion,
      passwordHash: proof.passwordHash,
      applicationVersion: proof.applicationVersion,
      applicationId,
      secretHash: hashSecret(secret),
      delivery,
      name: deviceName,
      device,
      userAgent: source.userAgent,
      ip: source.ip,
      remembered: remember,
      amr: PASSWORD_AMR,
    });
    if (!grant) return null;
    const actor = `user:${userId}`;
    const details = { device: deviceName ?? describeDevice(device) };
    await this.audit.record(tx, { type: 'session.started', userId, actor, sessionId, applicationId, source, details });
    return grant;
  }
}
