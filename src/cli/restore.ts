import type { Act } from '../audit/act.js';
import { AuditTrailService } from '../audit/audit-trail.service.js';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import { DatabaseInspection } from '../database/database-inspection.js';
import { KeyAdministrationService, type SigningKeyView } from '../keys/key-administration.service.js';
import { InstancesService } from '../revocation/instances.service.js';
import { PutBackService } from '../revocation/put-back.service.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { ApplicationAdministrationService } from '../sessions/application-administration.service.js';
import { ApplicationSignOutService } from '../sessions/application-sign-out.service.js';
import type { Services } from './workbench.js';

/** What a restored backup was made to be. */
export interface FinishedRestore {
  applications: string[];
  withdrawn: number;
  key: SigningKeyView;
  epoch: string;
  /** When the last thing happened that the backup knows of; null when it knows of none. */
  knownUntil: string | null;
  /** Secrets of applications that were ended; null when that was not asked for. */
  secretsEnded: number | null;
  /** The applications as the backup has them, but for the secrets that were ended. */
  restored: RestoredApplication[];
}

type RestoredApplication = Awaited<ReturnType<ApplicationAdministrationService['get']>>;

/**
 * Makes a restored backup safe to serve when no instance ran that could put back what it lost. What was taken back after
 * the backup is in no table any more, so everything is taken back that can be:
 *
 * - Every session ends and every access token is outdated, by the version of its application. A version is raised to the
 *   milliseconds since 1970 at least, so none that was handed out after the backup is handed out again, provided that the
 *   clock is ahead of everything the backup knows.
 * - Every signing key is withdrawn: one of them may have been, after the backup.
 * - The log goes on under another epoch, so no follower takes its next line for the one of that number that was lost.
 * - Secrets of applications end too where `endSecrets` says so. Every back end needs another one then, so it is for who
 *   restores to weigh; what applications were and have again is told.
 *
 * All of it, or none: it is one transaction. Throws `conflict` while an instance runs, or while the clock is behind what
 * the database knows.
 */
export async function finishRestore(
  services: Services,
  act: Act,
  endSecrets: boolean,
  progress: (text: string) => void,
): Promise<FinishedRestore> {
  await assertNothingRuns(services);
  const knownUntil = await lastKnown(services);
  const keys = services.get(KeyAdministrationService);
  const administration = services.get(ApplicationAdministrationService);
  progress('Withdrawing the signing keys, signing everyone out …');
  const done = await services.get(RevocationsService).commit(async (tx) => {
    const withdrawals = await keys.withdrawAll(tx, act);
    const { applications, revocations } = await services.get(ApplicationSignOutService).signOutAll(tx, act);
    const secretsEnded = endSecrets ? await administration.withdrawAllSecrets(tx, act) : null;
    const details = { knownUntil, withdrawn: withdrawals.length, secretsEnded };
    await services.get(AuditService).record(tx, { type: 'restore.finished', userId: null, ...act, details });
    const epoch = await services.get(PutBackService).beginNewEpoch(tx);
    const result = { applications, withdrawn: withdrawals.length, epoch, secretsEnded };
    return { result, revocations: [...withdrawals, ...revocations] };
  });
  return { ...done, key: await keys.reload(), knownUntil, restored: await administration.list() };
}

async function assertNothingRuns(services: Services): Promise<void> {
  const running = await services.get(InstancesService).list();
  if (running.length === 0) return;
  throw new AppError('conflict', {
    detail:
      `Instances run on this database, or did half a minute ago: ${running.map(({ name }) => name).join(', ')}. ` +
      'Stop them first, and wait for half a minute. (An instance that ran through the restore puts back what it knows ' +
      'by itself.) Nothing was done.',
  });
}

/**
 * The time of the last thing that the database knows of. Throws where that is in the future: versions follow the clock,
 * so one that was handed out could come again.
 */
async function lastKnown(services: Services): Promise<string | null> {
  const { items } = await services.get(AuditTrailService).list({ limit: 1 });
  const last = items[0]?.createdAt ?? null;
  const now = await services.get(DatabaseInspection).now();
  if (last === null || Date.parse(last) <= now.getTime()) return last;
  throw new AppError('conflict', {
    detail:
      `The clock of the database says ${now.toISOString()}, but it knows of something that happened at ${last}. ` +
      'Set the clock right first. Nothing was done.',
  });
}
