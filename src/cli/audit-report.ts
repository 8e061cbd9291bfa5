import type { AuditEntry } from '../audit/audit-trail.service.js';
import { columns } from './columns.js';
import { members, shown } from './shown.js';

const HEAD = ['WHEN', 'WHAT', 'TO WHOM', 'BY', 'FROM', 'WHY', 'DETAILS'];

/** A reason is 500 characters at most. */
const REASON = 500;

/** Actors that are accounts. */
const BY_USER = /^user:(.+)$/;

/** The accounts that rows of the audit name, each once. */
export function accountsIn(entries: AuditEntry[]): string[] {
  const ids = entries.flatMap(({ userId, actor }) => [userId, BY_USER.exec(actor)?.[1]]);
  return [...new Set(ids.filter((id) => id != null))];
}

/** One line for each row. `emails`: the addresses of the accounts that have one; the others go by their ids. */
export function describeAudit(entries: AuditEntry[], emails: ReadonlyMap<string, string>): string[] {
  if (entries.length === 0) return ['Nothing of that happened.'];
  const personOf = (id: string) => emails.get(id) ?? id;
  const rows = entries.map(({ createdAt, type, userId, actor, ip, reason, ...about }) => [
    createdAt,
    type,
    userId === null ? '–' : personOf(userId),
    shown(actor.replace(BY_USER, (_, id: string) => `user:${personOf(id)}`)),
    ip ?? '–',
    reason === null ? '–' : shown(reason, REASON),
    detailsOf(about),
  ]);
  return columns([HEAD, ...rows]);
}

function detailsOf({ applicationId, sessionId, details }: Pick<AuditEntry, 'applicationId' | 'sessionId' | 'details'>) {
  return members({
    ...(applicationId !== null && { application: applicationId }),
    ...(sessionId !== null && { session: sessionId }),
    ...details,
  });
}
