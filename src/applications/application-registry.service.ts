import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Config } from '../config.js';
import type { Transaction } from '../database/database.js';
import { ApplicationRegistryRepository, type RegisteredApplication } from './application-registry.repository.js';
import { assertLimits, type ApplicationChange, type NewApplication } from './application-settings.js';
import { BUILT_IN_APPLICATION } from './applications.service.js';

export type { RegisteredApplication };

/** Of the built-in application, all else stands in the configuration. */
const BUILT_IN_FIELDS = new Set(['name', 'permissions']);

/** The rows of applications, for who changes them and writes down that they did: `ApplicationAdministrationService`. */
@Injectable()
export class ApplicationRegistry {
  constructor(
    private readonly config: Config,
    private readonly applications: ApplicationRegistryRepository,
  ) {}

  list(): Promise<RegisteredApplication[]> {
    return this.applications.list();
  }

  /** Throws `not_found`. */
  async get(applicationId: string, tx?: Transaction): Promise<RegisteredApplication> {
    return orNotFound(await this.applications.find(applicationId, tx));
  }

  /** Throws `conflict` where the id or the audience is taken, `validation_failed` for limits that contradict each other. */
  async create(tx: Transaction, given: NewApplication): Promise<RegisteredApplication> {
    const { id, audience = id, ...settings } = given;
    const application = { ...USUAL, ...present(settings) };
    assertLimits(application, this.config);
    if (await this.applications.insert(tx, { ...application, id, audience })) return this.get(id, tx);
    const detail = (await this.applications.find(id, tx))
      ? `There is an application ${id} already.`
      : `Another application has the audience ${audience} already.`;
    throw new AppError('conflict', { detail });
  }

  /**
   * Both as they were and as they are, locked. Throws `not_found`, `validation_failed` for limits that contradict each
   * other, `conflict` for what of the built-in one stands in the configuration.
   */
  async change(
    tx: Transaction,
    applicationId: string,
    change: ApplicationChange,
  ): Promise<{ before: RegisteredApplication; after: RegisteredApplication }> {
    const before = await this.lock(tx, applicationId);
    const settings = present(change);
    if (applicationId === BUILT_IN_APPLICATION) assertBuiltIn(settings);
    const after = { ...before, ...settings };
    assertLimits(after, this.config);
    await this.applications.update(tx, after);
    return { before, after };
  }

  /** Ends every session. Its new version. Throws `not_found`, `conflict` for one that is disabled or the built-in one. */
  async disable(tx: Transaction, applicationId: string): Promise<number> {
    const { enabled } = await this.lock(tx, applicationId);
    if (applicationId === BUILT_IN_APPLICATION)
      throw new AppError('conflict', {
        detail: 'The built-in application cannot be disabled. To end all its sessions, sign everyone out.',
      });
    if (!enabled) throw new AppError('conflict', { detail: 'The application is disabled already.' });
    return this.applications.disable(tx, applicationId);
  }

  /** What had ended stays ended. Its version, which stays. Throws `not_found`, `conflict` for one that is not disabled. */
  async enable(tx: Transaction, applicationId: string): Promise<number> {
    const { enabled } = await this.lock(tx, applicationId);
    if (enabled) throw new AppError('conflict', { detail: 'The application is not disabled.' });
    return this.applications.enable(tx, applicationId);
  }

  /** Until `tx` ends nobody else changes it. Throws `not_found`. */
  async lock(tx: Transaction, applicationId: string): Promise<RegisteredApplication> {
    await this.applications.lock(tx, applicationId);
    return this.get(applicationId, tx);
  }
}

/** A new application of which nothing else is said. */
const USUAL = {
  name: null,
  origins: [],
  delivery: ['cookie', 'body'],
  accessTokenTtl: null,
  sessionIdle: null,
  sessionMax: null,
  sessionIdleRemembered: null,
  sessionMaxRemembered: null,
  permissions: [],
} satisfies Partial<RegisteredApplication>;

/** Without what is left out. */
function present<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as never;
}

function assertBuiltIn(settings: object): void {
  const other = Object.keys(settings).find((name) => !BUILT_IN_FIELDS.has(name));
  if (other === undefined) return;
  throw new AppError('conflict', {
    detail: `Of the built-in application, "${other}" is set by the configuration of the service.`,
  });
}

function orNotFound(application: RegisteredApplication | null): RegisteredApplication {
  if (application) return application;
  throw new AppError('not_found', { detail: 'There is no such application.' });
}
