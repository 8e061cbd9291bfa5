import { Injectable } from '@nestjs/common';
import { ApplicationCredentials } from '../applications/application-credentials.service.js';
import { ApplicationRegistry, type RegisteredApplication } from '../applications/application-registry.service.js';
import { ApplicationChange, NewApplication, Overlap } from '../applications/application-settings.js';
import { ApplicationsService, BUILT_IN_APPLICATION } from '../applications/applications.service.js';
import { justified, type Act } from '../audit/act.js';
import type { AuditEventType } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { checked } from '../common/checked.js';
import { AppError } from '../common/errors/app-error.js';
import { Database, type Transaction } from '../database/database.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { TokenLivesService } from '../revocation/token-lives.service.js';
import { toApplicationView, type ApplicationView } from './application-view.js';

/** What operators do with applications. Each act throws `validation_failed` without a reason, and is in the audit. */
@Injectable()
export class ApplicationAdministrationService {
  constructor(
    private readonly database: Database,
    private readonly registry: ApplicationRegistry,
    private readonly applications: ApplicationsService,
    private readonly credentials: ApplicationCredentials,
    private readonly revocations: RevocationsService,
    private readonly lives: TokenLivesService,
    private readonly audit: AuditService,
  ) {}

  /** All of them, in the order of their ids. */
  async list(): Promise<ApplicationView[]> {
    return (await this.registry.list()).map((application) => this.view(application));
  }

  /** Throws `not_found`. */
  async get(applicationId: string): Promise<ApplicationView> {
    return this.view(await this.registry.get(applicationId));
  }

  /** Throws `conflict` where the id or the audience is taken, `validation_failed`. It has no secret until it is asked for. */
  async create(given: NewApplication, by: Act): Promise<ApplicationView> {
    const act = justified(by);
    const settings = checked(NewApplication, given, '');
    const application = await this.database.transaction(async (tx) => {
      const made = await this.registry.create(tx, settings);
      const { id: applicationId, ...details } = settings;
      await this.record(tx, 'application.created', applicationId, act, details);
      await this.lives.note(tx, [made.accessTokenTtl]);
      return made;
    });
    return this.afterChange(application);
  }

  /** Throws `not_found`, `validation_failed`, `conflict` for what of the built-in one stands in the configuration. */
  async update(applicationId: string, given: ApplicationChange, by: Act): Promise<ApplicationView> {
    const act = justified(by);
    const change = checked(ApplicationChange, given, '');
    const application = await this.database.transaction(async (tx) => {
      const { before, after } = await this.registry.change(tx, applicationId, change);
      const details = differences(before, after);
      if (Object.keys(details).length === 0) return after;
      await this.record(tx, 'application.changed', applicationId, act, details);
      if (before.accessTokenTtl !== after.accessTokenTtl)
        await this.lives.note(tx, [before.accessTokenTtl, after.accessTokenTtl]);
      return after;
    });
    return this.afterChange(application);
  }

  /**
   * Another secret for its back end, which cannot be read again; those before it are good for `overlap` seconds more, a
   * day when it is left out: time to bring the new one to every back end. Throws `not_found`, `validation_failed`.
   */
  async rotateSecret(
    applicationId: string,
    by: Act,
    given?: number,
  ): Promise<{ id: string; secret: string; application: ApplicationView }> {
    const act = justified(by);
    const overlap = checked(Overlap, given, '/overlap');
    const { secretId, secret, application } = await this.database.transaction(async (tx) => {
      await this.registry.lock(tx, applicationId);
      const made = await this.credentials.replace(tx, applicationId, overlap);
      const details = { secretId: made.secretId, overlap };
      await this.record(tx, 'application.secret_created', applicationId, act, details);
      return { ...made, application: await this.registry.get(applicationId, tx) };
    });
    this.credentials.forget();
    return { id: secretId, secret, application: this.view(application) };
  }

  /** Ends a secret at once: here with this call, elsewhere within ten seconds. Throws `not_found`. */
  async withdrawSecret(applicationId: string, secretId: string, by: Act): Promise<void> {
    const act = justified(by);
    await this.database.transaction(async (tx) => {
      await this.registry.lock(tx, applicationId);
      if (!(await this.credentials.end(tx, applicationId, secretId)))
        throw new AppError('not_found', { detail: 'The application has no such secret in use.' });
      await this.record(tx, 'application.secret_withdrawn', applicationId, act, { secretId });
    });
    this.credentials.forget();
  }

  /** Ends every secret of every application within a transaction that does more; how many. For when no instance runs: none is told. */
  async withdrawAllSecrets(tx: Transaction, by: Act): Promise<number> {
    const act = justified(by);
    const ended = await this.credentials.endAll(tx);
    await this.audit.recordAll(
      tx,
      ended.map(({ id: secretId, applicationId }) => ({
        ...act,
        type: 'application.secret_withdrawn',
        userId: null,
        applicationId,
        details: { secretId },
      })),
    );
    return ended.length;
  }

  /** Nobody signs in to it, every session of it ends, its tokens and its secrets are refused: until it is enabled. */
  async disable(applicationId: string, by: Act): Promise<ApplicationView> {
    return this.setEnabled(applicationId, false, by);
  }

  /** Lets people sign in to it again. What had ended stays ended. */
  async enable(applicationId: string, by: Act): Promise<ApplicationView> {
    return this.setEnabled(applicationId, true, by);
  }

  /**
   * Its line never goes, also where it says that the application is enabled: the last word counts, and a list that has
   * lost the later of two would go on refusing.
   */
  private async setEnabled(applicationId: string, enabled: boolean, by: Act): Promise<ApplicationView> {
    const act = justified(by);
    const { actor, reason } = act;
    const application = await this.revocations.commit(async (tx) => {
      const minVersion = enabled
        ? await this.registry.enable(tx, applicationId)
        : await this.registry.disable(tx, applicationId);
      await this.record(tx, enabled ? 'application.enabled' : 'application.disabled', applicationId, act);
      const suspended = !enabled;
      const line = { subject: applicationId, minVersion, suspended, permanent: true, reason, actor } as const;
      const result = await this.registry.get(applicationId, tx);
      return { result, revocations: [{ kind: 'application', ...line }] };
    });
    this.credentials.forget();
    return this.afterChange(application);
  }

  private record(
    tx: Transaction,
    type: AuditEventType,
    applicationId: string,
    act: Act,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    return this.audit.record(tx, { ...act, type, userId: null, applicationId, details });
  }

  private async afterChange(application: RegisteredApplication): Promise<ApplicationView> {
    await this.applications.refresh();
    return this.view(application);
  }

  private view(application: RegisteredApplication): ApplicationView {
    const { id } = application;
    return toApplicationView(application, id === BUILT_IN_APPLICATION ? this.applications.originsOf(id) : null);
  }
}

/** What a change made different: as it was, and as it is. */
function differences(before: RegisteredApplication, after: RegisteredApplication): Record<string, unknown> {
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof RegisteredApplication]),
  );
  return Object.fromEntries(
    changed.map(([name, value]) => [name, { before: before[name as keyof RegisteredApplication], after: value }]),
  );
}
