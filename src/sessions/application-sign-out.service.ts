import { Injectable } from '@nestjs/common';
import { ApplicationsService, type SignedOutApplication } from '../applications/applications.service.js';
import { justified, type Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { Transaction } from '../database/database.js';
import type { RevocationDraft } from '../revocation/revocation-draft.js';
import { RevocationsService } from '../revocation/revocations.service.js';

/**
 * Signs out all who are signed in to an application, or to any. One row an application is written, however many people
 * that are: their sessions end by its floor and their access tokens by its version, so no session row is touched.
 * For the same reason no module is told by an event of `AccountEvents`.
 */
@Injectable()
export class ApplicationSignOutService {
  constructor(
    private readonly revocations: RevocationsService,
    private readonly applications: ApplicationsService,
    private readonly audit: AuditService,
  ) {}

  /** Throws `not_found` for an application there is not, `validation_failed` without a reason. */
  async signOutApplication(applicationId: string, given: Act): Promise<void> {
    const act = justified(given);
    await this.revocations.commit(async (tx) => {
      const [signedOut] = await this.applications.signOut(tx, applicationId);
      if (!signedOut) throw new AppError('not_found', { detail: 'There is no such application.' });
      await this.audit.record(tx, { ...act, type: 'application.signed_out', userId: null, applicationId });
      return { result: undefined, revocations: [toDraft(signedOut, act)] };
    });
  }

  /** Of every application; their ids. Throws `validation_failed` without a reason. */
  signOutEveryone(given: Act): Promise<string[]> {
    return this.revocations.commit(async (tx) => {
      const { applications, revocations } = await this.signOutAll(tx, given);
      return { result: applications, revocations };
    });
  }

  /** The same within a transaction that does more. */
  async signOutAll(tx: Transaction, given: Act): Promise<{ applications: string[]; revocations: RevocationDraft[] }> {
    const act = justified(given);
    const signedOut = await this.applications.signOut(tx, null);
    const applications = signedOut.map(({ id }) => id);
    await this.audit.record(tx, { ...act, type: 'everyone.signed_out', userId: null, details: { applications } });
    return { applications, revocations: signedOut.map((application) => toDraft(application, act)) };
  }
}

/** The latest word on whether it is disabled counts, so a line about a disabled one says so again, and stays for ever. */
function toDraft({ id, version, enabled }: SignedOutApplication, { actor, reason }: Act): RevocationDraft {
  const disabled = !enabled;
  return {
    kind: 'application',
    subject: id,
    minVersion: version,
    suspended: disabled,
    permanent: disabled,
    reason,
    actor,
  };
}
