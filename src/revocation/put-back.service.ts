import { Injectable, Logger } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import { AuditService } from '../audit/audit.service.js';
import { Metrics } from '../common/metrics/metrics.js';
import { isUuid } from '../common/uuid.js';
import { Database, type Transaction } from '../database/database.js';
import { LostState } from './lost-state.js';
import { PutBackRepository } from './put-back.repository.js';
import type { Cursor } from './revocation-log.repository.js';

/** Lines of one transaction: some hundred milliseconds, for which other revocations wait. */
const BATCH = 1_000;

/**
 * Puts back what the database knew once and this instance still knows: the line of the log, and the state that it stood
 * for. Every instance that notices does so, one after the other; each finds what the one before it has put back.
 */
@Injectable()
export class PutBackService {
  private readonly logger = new Logger(PutBackService.name);

  constructor(
    private readonly database: Database,
    private readonly lines: PutBackRepository,
    private readonly state: LostState,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * After the database became an older state of itself. `lost`: how far the log that is gone was read; `found`: how far
   * the one in its place was; `missing`: what only the lost one said. Returns where to read on: under an epoch that is
   * not the lost one's.
   */
  async afterRestore(lost: Cursor, found: Cursor, missing: RevocationEntry[]): Promise<Cursor> {
    let { epoch } = found;
    let count = 0;
    for (let i = 0; i === 0 || i < missing.length; i += BATCH) {
      const batch = missing.slice(i, i + BATCH);
      const step = await this.database.transaction(async (tx) => {
        // Rows first, the head last: the order of every revocation, so that none deadlocks with this.
        const lines = await this.state.restore(tx, batch);
        const present = await this.lines.lockHead(tx);
        const renewed = present === lost.epoch ? await this.lines.renewEpoch(tx) : present;
        return { epoch: renewed, lines: await this.append(tx, lines) };
      });
      epoch = step.epoch;
      count += this.count(step.lines);
    }
    const message =
      'Revocations that the database had lost were put back. Sessions whose end is older than an access token lives ' +
      'are not among them: see "After restoring a backup" in the runbook.';
    this.logger.error({ message, known: missing.length, putBack: count, epoch });
    return { ...found, epoch };
  }

  /**
   * For a database that was restored while no instance ran: nobody shall take its next line for that of the lost log.
   * Locks the head, so it comes after all other rows. Returns the new epoch.
   */
  async beginNewEpoch(tx: Transaction): Promise<string> {
    await this.lines.lockHead(tx);
    return this.lines.renewEpoch(tx);
  }

  /** Lines that are missing from a log that goes on otherwise; the state they stood for stands in tables of its own. */
  async missingLines(missing: RevocationEntry[]): Promise<number> {
    let count = 0;
    for (let i = 0; i < missing.length; i += BATCH) {
      const lines = await this.database.transaction(async (tx) => {
        await this.lines.lockHead(tx);
        return this.append(tx, missing.slice(i, i + BATCH));
      });
      count += this.count(lines);
    }
    return count;
  }

  private async append(tx: Transaction, entries: RevocationEntry[]): Promise<RevocationEntry[]> {
    const lines = await this.lines.append(tx, entries);
    await this.audit.recordAll(
      tx,
      lines.map(({ kind, subject, minVersion, suspended, applicationId = null }) => ({
        type: 'revocation.put_back',
        userId: kind === 'user' && isUuid(subject) ? subject : null,
        sessionId: kind === 'session' && isUuid(subject) ? subject : null,
        applicationId,
        actor: 'system',
        details: { kind, subject, minVersion, suspended },
      })),
    );
    return lines;
  }

  private count(lines: RevocationEntry[]): number {
    for (const { kind } of lines) this.metrics.count('portcullis_revocations_put_back_total', kind);
    return lines.length;
  }
}
