import { Injectable } from '@nestjs/common';
import type { RevocationEntry } from '@portcullis/verifier';
import { isLockTimeout } from '../common/errors/database-error.js';
import { Database, type Transaction } from '../database/database.js';
import { CommitGroups, SharedFailure } from './commit-groups.js';
import { RevocationSync } from './revocation-sync.js';
import type { RevocationDraft } from './revocation-draft.js';
import { RevocationsRepository } from './revocations.repository.js';

/** What a transaction did, and the lines that tell every instance. */
export interface Change<T> {
  result: T;
  revocations: RevocationDraft[];
}

/** A change of one kind that many ask for at once, each about a subject of its own. */
export interface GroupedChange<Item, T> {
  /** What an item changes: the next one about the same comes after it. */
  keyOf(item: Item): string;
  /**
   * Changes what it can by one statement for all, and says what each came to, in the order of the items. It must wait
   * for no row, which would stop everyone and, between two groups, could deadlock: what it cannot lock at once
   * (`skip locked`) is null, and so is what turns out to need more; that is done alone.
   */
  together(tx: Transaction, items: Item[]): Promise<(Change<T> | null)[]>;
  /** As the change of `commit`. */
  alone(tx: Transaction, item: Item): Promise<Change<T>>;
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
      return { result, entries: await this.append(tx, revocations) };
    });
    this.sync.apply(entries);
    return result;
  }

  /**
   * The same for a change that many ask for at once: those who ask while one is being committed share the next
   * transaction. Each is answered after its own commit, and none fails because of another: see `CommitGroups`.
   */
  inGroups<Item, T>(change: GroupedChange<Item, T>): (item: Item) => Promise<T> {
    const groups = new CommitGroups<Item, T>({
      keyOf: (item) => change.keyOf(item),
      together: (items) => this.commitTogether((tx) => change.together(tx, items)),
      alone: (item) => this.commit((tx) => change.alone(tx, item)),
    });
    return (item) => groups.submit(item);
  }

  /**
   * Resolves once this instance refuses all that was revoked before this call, elsewhere too: for whoever is told that
   * something has been taken back already. Throws `revocation_unavailable`.
   */
  confirm(): Promise<void> {
    return this.sync.awaitFresh();
  }

  /** Whether this instance refuses a session by name. */
  deniesSession(sessionId: string): boolean {
    return this.sync.index.session.has(sessionId);
  }

  private async commitTogether<T>(
    together: (tx: Transaction) => Promise<(Change<T> | null)[]>,
  ): Promise<(Change<T> | null)[]> {
    let stage: 'begin' | 'change' | 'log' | 'commit' = 'begin';
    const work = async (tx: Transaction) => {
      stage = 'change';
      const changes = await together(tx);
      stage = 'log';
      const entries = await this.append(
        tx,
        changes.flatMap((change) => change?.revocations ?? []),
      );
      stage = 'commit';
      return { changes, entries };
    };
    const { changes, entries } = await this.database.transaction(work).catch((error: unknown) => {
      // Nobody can say whether a commit that was not confirmed took place: it must not be done a second time. And a
      // database out of reach, or whoever holds the head of the log, is so for each of them too.
      const shared = stage === 'begin' || stage === 'commit' || (stage === 'log' && isLockTimeout(error));
      throw shared ? new SharedFailure(error) : error;
    });
    this.sync.apply(entries);
    return changes;
  }

  private async append(tx: Transaction, drafts: RevocationDraft[]): Promise<RevocationEntry[]> {
    return drafts.length > 0 ? this.revocations.append(tx, drafts) : [];
  }
}
