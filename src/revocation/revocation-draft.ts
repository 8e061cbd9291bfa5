import type { RevocationKind } from '@portcullis/verifier';

/** A line to be written into the log. */
export interface RevocationDraft {
  kind: RevocationKind;
  subject: string;
  /** The application that a session or token belongs to. */
  applicationId?: string | null;
  /** Tokens of a lower version are outdated. */
  minVersion?: number | null;
  suspended?: boolean;
  /** Never purged: withdrawn keys, disabled applications. */
  permanent?: boolean;
  reason: string;
  /** `user:<id>`, `operator:<name>`, `system`. */
  actor: string;
}
