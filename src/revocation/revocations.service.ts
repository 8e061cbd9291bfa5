import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { RevocationSync } from './revocation-sync.js';
import type { RevocationDraft } from './revocation-draft.js';
import { RevocationsRepository } from './revocations.repository.js';

/** What a transaction did, and the lines that tell every instance. */
export interface Change<T> {
  result: T;
  revocations: RevocationDraft[];
}

@Injectable()
export class RevocationsService {
  constructor(
    private readonly database: Database,
    private readonly revocations: RevocationsRepository,
    private readonly sync: RevocationSync,
  ) {}

  /**
   * The one way to take tokens back: no log row without its change of state, and no change without its log row.
   * `change` writes users, then sessions in id order, then the audit; the log follows last. When this resolves, the
   * change is committed and this instance refuses what it revoked; when it throws, nothing is claimed.
   */
  async commit<T>(change: (tx: Transaction) => Promise<Change<T>>): Promise<T> {
    const { result, entries } = await this.database.transaction(async (tx) => {
      const { result, revocations } = await change(tx);
      const entries = revocations.length > 0 ? await this.revocations.append(tx, revocations) : [];
      return { result, entries };
    });
    this.sync.apply(entries);
    return result;
  }
}
