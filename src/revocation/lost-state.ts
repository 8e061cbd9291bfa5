import { Injectable } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import { isUuid } from '../common/uuid.js';
import type { Transaction } from '../database/database.js';

/** The kinds whose lines stand for rows of another module, in the order in which their rows are locked. */
const KINDS = ['application', 'user', 'session'] as const;

export type StatefulKind = (typeof KINDS)[number];

/**
 * Makes the rows of a module say what these lines of the deny-list say. It may only ever take away, and run twice. Who
 * is suspended when it has written their row is returned with the version that it raised to: tokens of that of the line
 * may be from after a suspension.
 */
export type StateRestorer = (tx: Transaction, entries: RevocationEntry[]) => Promise<SuspendedSubject[]>;

export interface SuspendedSubject {
  /** As the line names it. */
  subject: string;
  version: number;
}

/**
 * Where the modules whose state a line of the deny-list stands for say how to bring it back, for a database that has
 * lost both: a session that had ended is to end again, not only its access tokens.
 */
@Injectable()
export class LostState {
  private readonly restorers = new Map<StatefulKind, StateRestorer>();

  onLost(kind: StatefulKind, restorer: StateRestorer): void {
    this.restorers.set(kind, restorer);
  }

  /** The lines as they are to be said now: those on whoever is suspended with their new version. */
  async restore(tx: Transaction, entries: RevocationEntry[]): Promise<RevocationEntry[]> {
    const raised = new Map<string, number>();
    for (const kind of KINDS) {
      // Their ids in the tables are UUIDs; whatever else the log has been told stands for no row.
      const lost = entries.filter((entry) => entry.kind === kind && (kind === 'application' || isUuid(entry.subject)));
      const suspended = lost.length > 0 ? await this.restorers.get(kind)?.(tx, lost) : [];
      for (const { subject, version } of suspended ?? []) raised.set(`${kind} ${subject}`, version);
    }
    return entries.map((entry) => ({
      ...entry,
      minVersion: raised.get(`${entry.kind} ${entry.subject}`) ?? entry.minVersion,
    }));
  }
}
