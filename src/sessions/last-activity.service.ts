import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../common/clock.js';
import { SessionsRepository } from './sessions.repository.js';

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
    private readonly sessions: SessionsRepository,
  ) {}

  /** Notes that a session was used just now. */
  note(sessionId: string): void {
    this.pending.set(sessionId, this.clock.now());
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
    const collected = [...this.pending];
    for (let start = 0; start < collected.length; start += BATCH) {
      await this.writeBatch(collected.slice(start, start + BATCH));
    }
  }

  private async writeBatch(batch: [sessionId: string, usedAt: number][]): Promise<void> {
    const now = this.clock.now();
    try {
      const written = await this.sessions.writeActivity(
        batch.map(([id]) => id),
        batch.map(([, usedAt]) => (now - usedAt) / 1000),
      );
      const done = new Set(written);
      for (const [id, usedAt] of batch) {
        // A session that was purged is never written: it is dropped a write later than its last use.
        const settled = done.has(id) || now - usedAt > 2 * WRITE_MS;
        if (settled && this.pending.get(id) === usedAt) this.pending.delete(id);
      }
    } catch (error) {
      this.logger.error({ message: 'When sessions were last used could not be written; it is kept.', error });
    }
  }
}
