import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import { assertSameSite } from '../common/http/same-site.js';
import { Readiness } from '../common/readiness.js';
import { SharedRead } from '../common/shared-read.js';
import { Config } from '../config.js';
import type { Transaction } from '../database/database.js';
import {
  ApplicationsRepository,
  type LostApplicationState,
  type SignedOutApplication,
} from './applications.repository.js';
import type { KnownApplication } from './known-application.js';

export type { KnownApplication, SignedOutApplication };

/** The application whose pages the service itself serves. The migration that makes the table makes its row. */
export const BUILT_IN_APPLICATION = 'account';

/** How long what another instance changed may go unnoticed here, in milliseconds. */
const REREAD_MS = 10_000;

/** Unknown ids cause no more than one read of the table in so many milliseconds, however many are tried. */
const RETRY_MS = 1_000;

/**
 * Every application by heart, so that no request looks one up. What must be exact (whether it is enabled, how long a
 * session or token lives) is read from the row by the statement that depends on it.
 */
@Injectable()
export class ApplicationsService implements OnApplicationBootstrap {
  private readonly logger = new Logger(ApplicationsService.name);
  private known: ReadonlyMap<string, KnownApplication>;
  private knownAudiences = [BUILT_IN_APPLICATION];
  private knownOrigins: Set<string>;
  private readAt = -Infinity;
  private triedAt = -Infinity;
  /** The read that unknown ids wait for, until it begins; null when none does. */
  private looking: Promise<void> | null = null;
  private readonly reads = new SharedRead(() => this.read());

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly applications: ApplicationsRepository,
    readiness: Readiness,
  ) {
    this.known = new Map([[BUILT_IN_APPLICATION, this.builtIn()]]);
    this.knownOrigins = new Set(this.ownOrigins());
    readiness.add('applications', async () => {
      if (this.readAt === -Infinity) await this.learn();
      return this.readAt === -Infinity ? 'The applications could not be read yet.' : null;
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.background) await this.refresh();
  }

  /** Reads all of them again. Without a database, what was known before counts on. */
  @Interval(REREAD_MS)
  async refresh(): Promise<void> {
    await this.load().catch((error: unknown) =>
      this.logger.warn({ message: 'The applications could not be read; those known count on.', error }),
    );
  }

  /** A read that begins after this call; all who wait share it. Throws what the database says. */
  load(): Promise<void> {
    return this.reads.next();
  }

  /** Null for one that is not known here. Asks no database. */
  find(applicationId: string): KnownApplication | null {
    return this.known.get(applicationId) ?? null;
  }

  /**
   * As `find`, but one that is not known is looked for: it may have been made a moment ago. That waits for its turn, a
   * second at most. Throws `validation_failed`.
   */
  async get(applicationId: string): Promise<KnownApplication> {
    if (!this.known.has(applicationId)) await this.lookInTurn();
    return this.find(applicationId) ?? refuseUnknown();
  }

  /** Those known here, in the order of their ids. */
  list(): KnownApplication[] {
    return [...this.known.values()];
  }

  /** Looks for what this instance has not heard of yet, once a second at most, whether or not the database is there. */
  async learn(): Promise<void> {
    if (this.untilNextLook < 0) await this.refresh();
  }

  /** Only its own pages may use an application's cookie; none may that of one that is not known. Throws `cross_site_refused`. */
  assertPageOf(applicationId: string, request: { headers: IncomingHttpHeaders }): void {
    assertSameSite(request, this.originsOf(applicationId), this.config.publicUrl);
  }

  /** The origins of its pages; none for one that is not known. */
  originsOf(applicationId: string): readonly string[] {
    return this.find(applicationId)?.origins ?? [];
  }

  /** Whether pages of this origin, whichever enabled application's they are, may read answers. */
  allowsOrigin(origin: string): boolean {
    return this.knownOrigins.has(origin);
  }

  /** The ids of the disabled applications that list this origin: why their pages may not. */
  disabledAt(origin: string): string[] {
    return this.list().flatMap(({ id, enabled, origins }) => (!enabled && origins.includes(origin) ? [id] : []));
  }

  /** The audiences of tokens that this server issues: a route says by `@AnyApplication()` whether it takes all of them. */
  audiences(): readonly string[] {
    return this.knownAudiences;
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
  restoreLost(tx: Transaction, states: LostApplicationState[]): Promise<{ subject: string; version: number }[]> {
    return this.applications.restoreLost(tx, states);
  }

  /** Milliseconds until the table may be looked at for an unknown id; 0 or less when it may be now. */
  private get untilNextLook(): number {
    return this.triedAt + RETRY_MS - this.clock.monotonic();
  }

  /** One read for all who wait for it, which begins a second after the one before at the earliest. */
  private lookInTurn(): Promise<void> {
    this.looking ??= delay(Math.max(0, this.untilNextLook)).then(() => {
      // Whoever comes from now on may mean one that this read will not see.
      this.looking = null;
      return this.load();
    });
    return this.looking;
  }

  private async read(): Promise<void> {
    const at = (this.triedAt = this.clock.monotonic());
    const rows = (await this.applications.list()).map((row) =>
      row.id === BUILT_IN_APPLICATION ? { ...row, origins: this.ownOrigins() } : row,
    );
    this.known = new Map(rows.map((application) => [application.id, application]));
    this.knownAudiences = rows.map(({ audience }) => audience);
    this.knownOrigins = new Set(rows.flatMap(({ enabled, origins }) => (enabled ? origins : [])));
    this.readAt = at;
  }

  /** As it is known before the table was read: sign-in to it waits for nothing. */
  private builtIn(): KnownApplication {
    return {
      id: BUILT_IN_APPLICATION,
      name: BUILT_IN_APPLICATION,
      audience: BUILT_IN_APPLICATION,
      origins: this.ownOrigins(),
      delivery: ['cookie', 'body'],
      permissions: [],
      enabled: true,
      createdAt: new Date(0),
      accessTokenTtl: null,
      sessionIdle: null,
      sessionMax: null,
      sessionIdleRemembered: null,
      sessionMaxRemembered: null,
    };
  }

  private ownOrigins(): string[] {
    return [new URL(this.config.publicUrl).origin, ...this.config.corsOrigins];
  }
}

function refuseUnknown(): never {
  throw new AppError('validation_failed', {
    errors: [
      {
        pointer: '/applicationId',
        detail: `There is no application with this id. Leave it out for "${BUILT_IN_APPLICATION}".`,
      },
    ],
  });
}
