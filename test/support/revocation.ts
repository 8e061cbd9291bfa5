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

/** Writes lines into the log as an operator's act does, for acts that have no route. */
export function revoke(service: Service, ...lines: Omit<RevocationDraft, 'reason' | 'actor'>[]): Promise<null> {
  const revocations = lines.map((line) => ({ ...line, reason: 'test', actor: 'operator:test' }));
  const work = async () => ({ result: null, revocations });
  return service.app.get(RevocationsService, { strict: false }).commit(work);
}
