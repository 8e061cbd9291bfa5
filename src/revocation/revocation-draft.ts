import type { RevocationKind } from '@portcullis/verifier';

/** A line to be written into the log. */
export type RevocationDraft = DraftOfAnyKind & (Outdating | Suspending);

interface Outdating {
  /** Tokens of a lower version are outdated. */
  minVersion?: number | null;
  suspended?: false;
}

/** With the version that the suspension has raised: tokens of this or a higher one are from after its end. */
interface Suspending {
  minVersion: number;
  suspended: boolean;
}

interface DraftOfAnyKind {
  kind: RevocationKind;
  subject: string;
  /** The application that a session or token belongs to. */
  applicationId?: string | null;
  /** Never purged: withdrawn keys, disabled applications. */
  permanent?: boolean;
  reason: string;
  /** `user:<id>`, `operator:<name>`, `application:<id>`, `system`. */
  actor: string;
}
