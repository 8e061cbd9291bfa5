import { Injectable } from '@nestjs/common';
import type { Act } from '../audit/act.js';
import type { AuditRecord } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import { Database, type Transaction } from '../database/database.js';
import { isSamePassword, passwordFault } from './password-policy.js';
import { PasswordsService } from './passwords.service.js';
import type { Claimant, Credentials } from './credentials.js';
import { UsersRepository, type RaisedFloor } from './users.repository.js';
import { newUserId } from './users.service.js';

export interface NewAccount {
  email: string;
  password: string;
  name: string | null;
}

/** Proving who someone is by a password, and setting that password. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersRepository,
    private readonly passwords: PasswordsService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Makes an account at an application. Throws `validation_failed` for a weak password, `email_taken` for an address
   * that has one.
   */
  register(account: NewAccount, applicationId: string, source: RequestSource): Promise<Credentials> {
    return this.insert(account, { roles: [], applicationId }, (userId) => ({
      type: 'account.registered',
      userId,
      actor: `user:${userId}`,
      source,
    }));
  }

  /** Makes an account for somebody else. Throws as `register`. */
  create(account: NewAccount, roles: string[], { actor, reason, source }: Act): Promise<Credentials> {
    const details = { roles };
    return this.insert(account, { roles, applicationId: null }, (userId) => ({
      type: 'account.created',
      userId,
      actor,
      reason,
      source: source ?? null,
      details,
    }));
  }

  /**
   * The account whose password this is, and the application, as they stood when the password was read: what is done
   * with it must require that nothing has ended since. Throws `credentials_invalid` for an unknown account or a wrong password, after the same
   * time; `account_suspended` only to who knows the password.
   */
  async prove(by: Claimant, password: string): Promise<Credentials> {
    const applicationId = 'applicationId' in by ? by.applicationId : null;
    const credentials = await this.users.findCredentials(by, applicationId);
    const verdict = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    if (!credentials || !verdict.correct) throw wrongPassword(by);
    if (credentials.status === 'suspended') throw new AppError('account_suspended');
    return verdict.outdated ? this.strengthen(credentials, password) : credentials;
  }

  /** Null when no account that could sign in has this address. */
  async findUserId(email: string): Promise<string | null> {
    const credentials = await this.users.findCredentials({ email }, null);
    return credentials?.userId ?? null;
  }

  /**
   * The hash of a new password for this account, whose current one has been proved: what is wrong with the new one is
   * told to nobody else. Throws `validation_failed` when it is the same, or weak.
   */
  hashNew(credentials: Credentials, { current, next }: { current: string; next: string }): Promise<string> {
    if (isSamePassword(current, next)) throw refusedPassword('This is the password you have already.', '/newPassword');
    assertStrong(next, credentials, '/newPassword');
    return this.passwords.hash(next);
  }

  /** Ends every session of the account; null when it changed since the credentials were proved. */
  replacePassword(tx: Transaction, credentials: Credentials, passwordHash: string): Promise<RaisedFloor | null> {
    return this.users.changePassword(tx, credentials, passwordHash);
  }

  private async insert(
    account: NewAccount,
    { roles, applicationId }: { roles: string[]; applicationId: string | null },
    recordOf: (userId: string) => AuditRecord,
  ): Promise<Credentials> {
    assertStrong(account.password, account, '/password');
    const { email, name } = account;
    const passwordHash = await this.passwords.hash(account.password);
    return this.database.transaction(async (tx) => {
      const user = { id: newUserId(), email, name, passwordHash, roles, applicationId };
      const credentials = await this.users.insert(tx, user);
      if (!credentials) throw new AppError('email_taken');
      await this.audit.record(tx, recordOf(credentials.userId));
      return credentials;
    });
  }

  /** Hashes anew what was hashed with weaker parameters, while the password is at hand. */
  private async strengthen(credentials: Credentials, password: string): Promise<Credentials> {
    const passwordHash = await this.passwords.hash(password);
    const replaced = await this.users.rehash(credentials, passwordHash);
    return replaced ? { ...credentials, passwordHash } : credentials;
  }
}

/** Who is signed in already typed no address that could be wrong. */
function wrongPassword(by: Claimant): AppError {
  if ('email' in by) return new AppError('credentials_invalid');
  return new AppError('credentials_invalid', { detail: 'The current password is wrong. Check it and try again.' });
}

function assertStrong(password: string, context: { email: string; name: string | null }, pointer: string): void {
  const fault = passwordFault(password, context);
  if (fault) throw refusedPassword(fault, pointer);
}

function refusedPassword(detail: string, pointer: string): AppError {
  return new AppError('validation_failed', { detail, errors: [{ pointer, detail }] });
}
