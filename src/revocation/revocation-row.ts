import type { RevocationEntry, RevocationKind } from '@portcullis/verifier';

/** A row of `revocations` as every query of it returns it. */
export interface RevocationRow {
  seq: string;
  kind: RevocationKind;
  subject: string;
  application_id: string | null;
  min_version: string | null;
  suspended: boolean;
  /** Seconds since 1970; null: never. */
  expires_at: number | null;
}

/** What such a query selects. `alias`: of the table. */
export function revocationColumns(alias = 'revocations'): string {
  const columns = ['seq', 'kind', 'subject', 'application_id', 'min_version', 'suspended'].map(
    (name) => `${alias}.${name}`,
  );
  // As a number: a million time stamps take a second to be made into dates.
  return [...columns, `extract(epoch from ${alias}.expires_at)::float8 as expires_at`].join(', ');
}

export function toEntry(row: RevocationRow): RevocationEntry {
  return {
    seq: Number(row.seq),
    kind: row.kind,
    subject: row.subject,
    minVersion: row.min_version === null ? 0 : Number(row.min_version),
    suspended: row.suspended,
    expiresAt: row.expires_at ?? Infinity,
    ...(row.application_id !== null && { applicationId: row.application_id }),
  };
}
