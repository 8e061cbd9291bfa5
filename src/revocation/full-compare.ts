import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RevocationEntry, RevocationIndex } from '@portcullis/verifier';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { PutBackService } from './put-back.service.js';
import { RevocationHints } from './revocation-hints.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import type { LogPosition } from './log-follower.js';
import { RevocationSync } from './revocation-sync.js';
import { SeqSet } from './seq-set.js';

/** Milliseconds between two comparisons. */
const PAUSE_MS = 60_000;

/** Milliseconds between two pages: a million lines take some seconds, and nobody notices. */
const PAGE_PAUSE_MS = 2;

/**
 * Seconds: lines that end sooner are left out. The purge of the table and the sweep of memory may have come to them, and
 * the database's time is known here to no more than how long a look takes.
 */
const LASTING = 60;

/** Lines that were missing, and are there again. */
export interface Differences {
  fromMemory: number;
  fromTable: number;
}

/** A comparison's two sides, as they stood when it began. */
interface Sides {
  index: RevocationIndex;
  position: LogPosition;
}

/**
 * Holds the whole table against the whole list in memory, once a minute and whenever the listener was lost: a net under
 * everything that follows the log line by line. What one side lacks it gets from the other.
 */
@Injectable()
export class FullCompare implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(FullCompare.name);
  private readonly stopping = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly clock: DatabaseClock,
    private readonly sync: RevocationSync,
    private readonly log: RevocationLogRepository,
    private readonly putBack: PutBackService,
    private readonly metrics: Metrics,
    hints: RevocationHints,
  ) {
    hints.onReconnect(() => void this.run());
  }

  onApplicationBootstrap(): void {
    if (!this.config.background) return;
    void this.repeat();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** One at a time. Null when it could not be finished; the next one begins anew. */
  run(): Promise<Differences | null> {
    const mine = this.running.then(() => this.attempt());
    this.running = mine;
    return mine;
  }

  private async repeat(): Promise<void> {
    while (await this.pause(PAUSE_MS)) await this.run();
  }

  private async attempt(): Promise<Differences | null> {
    try {
      await this.sync.awaitFresh();
      const { index, position } = this.sync;
      const differences = position && (await this.compare({ index, position }));
      if (differences) this.note(differences);
      return differences;
    } catch (error) {
      if (!this.stopping.signal.aborted)
        this.logger.warn({ message: 'The deny-list could not be compared with the table.', error });
      return null;
    }
  }

  private async compare(sides: Sides): Promise<Differences | null> {
    const { index, position } = sides;
    const inTable = new SeqSet();
    let fromMemory = 0;
    for (let after: number | null = -1; after !== null;) {
      const page = await this.log.page(after, position.seq, LASTING);
      if (this.haveChanged(sides)) return null;
      const lost = page.entries.filter((entry) => !isIn(index, entry));
      this.sync.mend(lost);
      fromMemory += lost.length;
      for (const { kind, subject } of page.entries) inTable.add(index.find(kind, subject)!.seq);
      after = page.next;
      if (after !== null && !(await this.pause(PAGE_PAUSE_MS))) return null;
    }
    const missing = await this.findMissing(sides, inTable);
    if (this.haveChanged(sides)) return null;
    return { fromMemory, fromTable: missing.length > 0 ? await this.putBack.missingLines(missing) : 0 };
  }

  /** What memory has of the time before the comparison, and no line of the table has brought. */
  private async findMissing({ index, position }: Sides, inTable: SeqSet): Promise<RevocationEntry[]> {
    const missing: RevocationEntry[] = [];
    const lasting = this.clock.seconds() + LASTING;
    const isMissing = (seq: number, expiresAt: number) =>
      seq <= position.seq && expiresAt > lasting && !inTable.has(seq);
    for (const slice of index.slicesAfter(-1, isMissing)) {
      for (const entry of slice) missing.push(entry);
      await turn();
    }
    return missing;
  }

  /** The log is another one, or memory was filled anew: then both sides are being compared already. */
  private haveChanged({ index, position }: Sides): boolean {
    return this.sync.index !== index || this.sync.position?.epoch !== position.epoch;
  }

  private note(differences: Differences): void {
    const { fromMemory, fromTable } = differences;
    this.metrics.count('portcullis_revocation_compare_differences_total', 'memory', fromMemory);
    this.metrics.count('portcullis_revocation_compare_differences_total', 'table', fromTable);
    if (fromMemory + fromTable === 0) return;
    const message = 'The deny-list in memory and the table differed. What was missing is there again.';
    this.logger.error({ message, ...differences });
  }

  /** False when the service stops. */
  private async pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.stopping;
    await delay(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
    return !signal.aborted;
  }
}

/** Whether memory knows what a line of the table says. Both count in the same log. */
function isIn(index: RevocationIndex, line: RevocationEntry): boolean {
  const known = index.find(line.kind, line.subject);
  if (known === null || known.seq < line.seq) return false;
  return known.minVersion >= line.minVersion && known.expiresAt >= line.expiresAt;
}
