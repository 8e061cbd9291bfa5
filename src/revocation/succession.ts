import type { RevocationEntry, RevocationIndex } from '@portcullis/verifier';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * Brings what was known into the list of another log, in which `seq` counts from another past: what the new log says of
 * a subject is its latest word, what only the lost one said stays known as the word before it. Returns what the new log
 * had not said.
 */
export async function succeed(successor: RevocationIndex, known: RevocationIndex): Promise<RevocationEntry[]> {
  const missing: RevocationEntry[] = [];
  for (const slice of known.slicesAfter(-1)) {
    for (const entry of slice) {
      if (!covers(successor.find(entry.kind, entry.subject), entry)) missing.push(entry);
      successor.apply({ ...entry, seq: 0 });
    }
    await turn();
  }
  return missing;
}

/** Whether all that `entry` says has been said. */
function covers(said: RevocationEntry | null, { minVersion, expiresAt, suspended }: RevocationEntry): boolean {
  return (
    said !== null && said.minVersion >= minVersion && said.expiresAt >= expiresAt && (said.suspended || !suspended)
  );
}
