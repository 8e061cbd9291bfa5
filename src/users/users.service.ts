import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import { Database, type Transaction } from '../database/database.js';
import type { RevocationDraft } from '../revocation/revocation-draft.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { AccountEvents } from './account-events.js';
import { AccountsRepository } from './accounts.repository.js';
import { assertAdminRemains } from './last-admin.js';
import { UsersRepository, type Profile } from './users.repository.js';

@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersRepository,
    private readonly accounts: AccountsRepository,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly events: AccountEvents,
  ) {}

  /** Throws `not_found` when the account is not an active one. */
  async getProfile(userId: string): Promise<Profile> {
    return this.users.findProfile(userId).then(orNotFound);
  }

  /** Profile edits leave tokens untouched: nothing personal is in them. */
  async rename(userId: string, name: string | null, source: RequestSource): Promise<Profile> {
    return this.database.transaction(async (tx) => {
      const profile = orNotFound(await this.users.rename(tx, userId, name));
      await this.audit.record(tx, { type: 'account.renamed', userId, actor: `user:${userId}`, source });
      return profile;
    });
  }

  /** Outdates every access token and ends every session of the account, this one too. */
  async signOutEverywhere(userId: string, source: RequestSource): Promise<void> {
    const actor = `user:${userId}`;
    const reason = 'signed_out_everywhere';
    await this.revocations.commit(async (tx) => {
      const minVersion = orNotFound(await this.users.endSessions(tx, userId, reason));
      await this.events.emit(tx, 'signedOutEverywhere', { userId, kept: null, reason });
      await this.audit.record(tx, { type: 'account.signed_out_everywhere', userId, actor, source });
      return { result: undefined, revocations: [{ kind: 'user', subject: userId, minVersion, reason, actor }] };
    });
  }

  /**
   * Deletes the account: whoever registers the same address later is somebody else, with another id. Throws `conflict`
   * for the last administrator.
   */
  async delete(userId: string, source: RequestSource): Promise<void> {
    const actor = `user:${userId}`;
    const reason = 'account_deleted';
    await this.revocations.commit(async (tx) => {
      assertAdminRemains(await this.accounts.lock(tx, userId), null);
      const minVersion = orNotFound(await this.users.delete(tx, userId));
      await this.events.emit(tx, 'userDeleted', { userId });
      await this.audit.record(tx, { type: 'account.deleted', userId, actor, source });
      return { result: undefined, revocations: [{ kind: 'user', subject: userId, minVersion, reason, actor }] };
    });
  }

  /**
   * For a module whose claims provider would now say something else: runs its `change` and outdates the tokens that
   * carry the old claims, in one transaction. Sessions go on; a silent refresh brings the new claims.
   */
  async changeClaims<T>(userId: string, change: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.revocations.commit(async (tx) => {
      const { version: minVersion, suspended } = orNotFound(await this.users.outdateTokens(tx, userId));
      const result = await change(tx);
      await this.audit.record(tx, { type: 'account.claims_changed', userId, actor: 'system' });
      const reason = 'claims_changed';
      // The latest word on an account counts, so a line about a suspended one says so again.
      const draft: RevocationDraft = { kind: 'user', subject: userId, minVersion, suspended, reason, actor: 'system' };
      return { result, revocations: [draft] };
    });
  }
}

/** A new account's id: time-ordered, so that its index grows at one end. */
export function newUserId(): string {
  return uuidv7();
}

function orNotFound<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', { detail: 'There is no such account.' });
  return value;
}
