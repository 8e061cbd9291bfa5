import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import type { IssuedTokens } from '../sessions/session-tokens.service.js';
import { SignInSessionsService, type SignInOptions } from '../sessions/sign-in-sessions.service.js';
import { CredentialsService, type NewAccount } from '../users/credentials.service.js';
import { SignInLimitsService } from './sign-in-limits.service.js';

/** How often a sign-in starts again because the account or the application changed while the password was being checked. */
const ATTEMPTS = 3;

@Injectable()
export class SignInService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly sessions: SignInSessionsService,
    private readonly limits: SignInLimitsService,
  ) {}

  /** A new account, signed in. Throws `email_taken`, `validation_failed`, `application_disabled`, `too_many_requests`. */
  async register(account: NewAccount, options: SignInOptions, source: RequestSource): Promise<IssuedTokens> {
    await this.limits.register(source);
    // Before the account is made, which could not be signed in.
    await this.sessions.assertOpen(options.applicationId);
    const proof = await this.credentials.register(account, options.applicationId, source);
    const issued = await this.sessions.start(proof, options, source);
    return issued ?? this.signIn(account.email, account.password, options, source);
  }

  /** Throws `credentials_invalid`, `account_suspended`, `application_disabled`, `too_many_requests`. */
  signIn(email: string, password: string, options: SignInOptions, source: RequestSource): Promise<IssuedTokens> {
    return this.limits.signIn(email, source, () => this.start(email, password, options, source));
  }

  private async start(
    email: string,
    password: string,
    options: SignInOptions,
    source: RequestSource,
  ): Promise<IssuedTokens> {
    const { applicationId } = options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const proof = await this.credentials.prove({ email, applicationId }, password);
      const issued = await this.sessions.start(proof, options, source);
      if (issued) return issued;
    }
    throw new AppError('unavailable', {
      log: 'the account or the application changed during every attempt to sign in',
      retryAfter: 1,
    });
  }
}
