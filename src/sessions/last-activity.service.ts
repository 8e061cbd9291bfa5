import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../common/clock.js';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';

/** How often what was collected is written, in milliseconds. */
const WRITE_MS = 60_000;

/** Sessions written by one statement. */
const BATCH = 1_000;

/**
 * When sessions were last used, collected in memory and written in batches, so that a request costs no write. What is
 * shown to people includes what is not written yet.
 */
@Injectable()
export class LastActivityService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LastActivityService.name);
  private pending = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly sessions: SessionUpkeepRepository,
  ) {}

  /** Notes that a session was used just now. */
  note(sessionId: string, now = this.clock.now()): void {
    this.pending.set(sessionId, now);
  }

  /** The later of what the table says and what was noted here since. */
  latest(sessionId: string, written: Date): Date {
    return new Date(Math.max(written.getTime(), this.pending.get(sessionId) ?? 0));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.write();
  }

  /** Writes what was collected. What cannot be written now is kept for the next time. */
  @Interval(WRITE_MS)
  async write(): Promise<void> {
    await this.writeAll([...this.pending]);
  }

  /** Writes at once what was collected about these sessions, for a decision that the database makes by their last use. */
  async writeNow(sessionIds: string[]): Promise<void> {
    const collected = sessionIds.map((id) => [id, this.pending.get(id)] as const);
    await this.writeAll(collected.filter((entry): entry is [string, number] => entry[1] !== undefined));
  }

  private async writeAll(collected: [sessionId: string, usedAt: number][]): Promise<void> {
    for (let start = 0; start < collected.length; start += BATCH) {
      await this.writeBatch(collected.slice(start, start + BATCH));
    }
  }

  private async writeBatch(batch: [sessionId: string, usedAt: number][]): Promise<void> {
    const now = this.clock.now();
    try {
      const written = await this.sessions.writeActivity(
        batch.map(([id]) => id),
        // A clock that was set back must not write a use that is yet to come.
        batch.map(([, usedAt]) => Math.max(0, now - usedAt) / 1000),
      );
      const done = new Set(written);
      for (const [id, usedAt] of batch) {
        // A session that has ended or was purged is never written: it is dropped a write later than its last use.
        const settled = done.has(id) || now - usedAt > 2 * WRITE_MS;
        if (settled && this.pending.get(id) === usedAt) this.pending.delete(id);
      }
    } catch (error) {
      this.logger.error({ message: 'When sessions were last used could not be written; it is kept.', error });
    }
  }
}
