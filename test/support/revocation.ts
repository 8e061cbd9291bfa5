import type { LookSchedule } from '../../src/revocation/look-schedule.js';
import type { RevocationDraft } from '../../src/revocation/revocation-draft.js';
import { RevocationSync } from '../../src/revocation/revocation-sync.js';
import { RevocationsService } from '../../src/revocation/revocations.service.js';
import { poll } from './poll.js';
import type { Service } from './service.js';

export function syncOf(service: Service): RevocationSync {
  return service.app.get(RevocationSync, { strict: false });
}

/** Until the instance has read the log anew: what was revoked before this call is refused after it. */
export function catchUp(service: Service): Promise<void> {
  return poll(() =>
    syncOf(service)
      .awaitFresh()
      .then(
        () => true,
        () => false,
      ),
  );
}

type Line = Omit<RevocationDraft, 'reason' | 'actor'>;

/** Writes lines into the log as an operator's act does, for acts that have no route. */
export function revoke(service: Service, ...lines: Line[]): Promise<void> {
  return change(service, '', ...lines);
}

/** The same together with the change of state that goes with it, in one transaction. */
export function change(service: Service, sql: string, ...lines: Line[]): Promise<void> {
  // Also such as the service itself does not write: a suspension without a version.
  const revocations = lines.map((line) => ({ ...line, reason: 'test', actor: 'operator:test' }) as RevocationDraft);
  return service.app.get(RevocationsService, { strict: false }).commit(async (tx) => {
    if (sql) await tx.query(sql);
    return { result: undefined, revocations };
  });
}

/** From now on the instance reads the log only when it is told to, or asked. */
export function stopPolling(service: Service): void {
  (syncOf(service) as unknown as { schedule: LookSchedule }).schedule.stopPolling();
}
