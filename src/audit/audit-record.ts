import type { RequestSource } from '../common/request-source.js';

/**
 * What can have happened to an account: its person is told, and the account pages have a sentence for each. Stable names:
 * operators filter by them, and pages put them in words.
 */
export const ACCOUNT_EVENT_TYPES = [
  'account.registered',
  'account.created',
  'account.renamed',
  'account.deleted',
  'account.signed_out_everywhere',
  'account.roles_changed',
  'account.claims_changed',
  'account.suspended',
  'account.restored',
  'password.changed',
  'session.started',
  'session.reauthenticated',
  'session.renamed',
  'session.ended',
  'refresh_token.reused',
  'token.denied',
] as const;

/** All that can have happened: the others concern no single account. */
export const AUDIT_EVENT_TYPES = [
  ...ACCOUNT_EVENT_TYPES,
  'signing_key.rotated',
  'signing_key.withdrawn',
  'signing_keys.resealed',
  'application.created',
  'application.changed',
  'application.secret_created',
  'application.secret_withdrawn',
  'application.disabled',
  'application.enabled',
  'application.signed_out',
  'everyone.signed_out',
  'revocation.put_back',
  'restore.finished',
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

export interface AuditRecord {
  type: AuditEventType;
  /** Whom it happened to. */
  userId: string | null;
  /** Who did it: `user:<id>`, `operator:<name>`, `application:<id>`, `system`, `anonymous`. */
  actor: string;
  sessionId?: string | null;
  applicationId?: string | null;
  source?: RequestSource | null;
  reason?: string | null;
  /** Never a secret, a token or a password. */
  details?: Record<string, unknown>;
}
