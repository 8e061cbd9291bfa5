import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Config } from '../config.js';
import type { Transaction } from '../database/database.js';
import {
  ApplicationsRepository,
  type LostApplicationState,
  type SignedOutApplication,
} from './applications.repository.js';

export type { SignedOutApplication };

/** The application whose pages the service itself serves. The migration that makes the table makes its row. */
export const BUILT_IN_APPLICATION = 'account';

/** How long sessions of an application may last, in seconds. */
export interface SessionLimits {
  /** Without use. */
  idle: number;
  /** From sign-in, however much it is used. */
  max: number;
}

/** What an application is allowed, and how its sessions and tokens live. */
@Injectable()
export class ApplicationsService {
  constructor(
    private readonly config: Config,
    private readonly applications: ApplicationsRepository,
  ) {}

  /** The origins whose pages may use this application's cookie. Throws `validation_failed` for an unknown application. */
  originsOf(applicationId: string): string[] {
    this.assertKnown(applicationId);
    return [new URL(this.config.publicUrl).origin, ...this.config.corsOrigins];
  }

  limitsOf(_applicationId: string, remembered: boolean): SessionLimits {
    return remembered
      ? { idle: this.config.sessionIdleRemembered, max: this.config.sessionMaxRemembered }
      : { idle: this.config.sessionIdle, max: this.config.sessionMax };
  }

  /** Seconds that an access token lives; never past its session's end. */
  accessTokenLifeOf(_applicationId: string): number {
    return this.config.accessTokenTtl;
  }

  /** The audiences whose tokens this server's own routes accept. */
  audiences(): string[] {
    return [BUILT_IN_APPLICATION];
  }

  /** Throws `application_disabled`. Asks the database: for when something did not work, not for every request. */
  async assertEnabled(applicationId: string): Promise<void> {
    if (!(await this.applications.isEnabled(applicationId))) throw new AppError('application_disabled');
  }

  /** Ends the sessions of one application, or of all (null); empty when there is no such one. For `ApplicationSignOutService`. */
  signOut(tx: Transaction, applicationId: string | null): Promise<SignedOutApplication[]> {
    return this.applications.signOut(tx, applicationId);
  }

  /** Brings back what a restored database has forgotten and the deny-list remembers. Takes away only. */
  restoreLost(tx: Transaction, states: LostApplicationState[]): Promise<void> {
    return this.applications.restoreLost(tx, states);
  }

  private assertKnown(applicationId: string): void {
    if (applicationId === BUILT_IN_APPLICATION) return;
    throw new AppError('validation_failed', {
      errors: [
        {
          pointer: '/applicationId',
          detail: `There is no application with this id. Leave it out for "${BUILT_IN_APPLICATION}".`,
        },
      ],
    });
  }
}
