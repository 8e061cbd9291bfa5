import { AppError } from '../common/errors/app-error.js';

/** The most that share a transaction: its locks, the one on the head of the log above all, are held for milliseconds. */
const LARGEST = 100;

/** Milliseconds for which anyone waits for a group to begin: as long as for a connection of the pool. */
const LONGEST_WAIT_MS = 5_000;

/** How the items of groups are done. */
export interface GroupWork<Item, Result> {
  /** Items with the same key are never in one group. */
  keyOf(item: Item): string;
  /**
   * Does all of them at once: what each came to, in their order; null for one that is to be done alone. Throws
   * `SharedFailure` for what none of them caused; whatever else it throws may be the fault of one.
   */
  together(items: Item[]): Promise<({ result: Result } | null)[]>;
  alone(item: Item): Promise<Result>;
}

/** Doing it once more, each alone, would help nobody or might do it twice. The cause is what everyone is told. */
export class SharedFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('The whole group failed.', { cause });
  }
}

interface Waiting<Item, Result> {
  item: Item;
  since: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Who comes while a group is under way waits for the next one, so that many share one commit and whoever comes alone
 * waits for nobody. No member fails because of another.
 */
export class CommitGroups<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = false;
  private overdue: NodeJS.Timeout | undefined;

  constructor(private readonly work: GroupWork<Item, Result>) {}

  /** What the item came to, once that is committed. Throws `unavailable` when no group took it in for five seconds. */
  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, since: performance.now(), resolve, reject });
      if (this.running) this.overdue ??= setTimeout(() => this.refuseOverdue(), LONGEST_WAIT_MS).unref();
      else void this.runAll();
    });
  }

  private async runAll(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) await this.run(this.waiting.splice(0, LARGEST));
    this.running = false;
    clearTimeout(this.overdue);
    this.overdue = undefined;
  }

  private async run(members: Waiting<Item, Result>[]): Promise<void> {
    const [group, rest] = this.split(members);
    try {
      const outcomes = await this.work.together(group.map(({ item }) => item));
      group.forEach((member, place) => {
        const outcome = outcomes[place];
        if (outcome) member.resolve(outcome.result);
        else rest.push(member);
      });
    } catch (error) {
      if (!(error instanceof SharedFailure) && group.length > 1) rest.push(...group);
      else for (const { reject } of group) reject(error instanceof SharedFailure ? error.cause : error);
    }
    // Whoever waits for a lock keeps no group waiting.
    for (const { item, resolve, reject } of rest) this.work.alone(item).then(resolve, reject);
  }

  /** The group, and those whose key it has already: they come after it. */
  private split(members: Waiting<Item, Result>[]): [group: Waiting<Item, Result>[], rest: Waiting<Item, Result>[]] {
    const group = new Map<string, Waiting<Item, Result>>();
    const rest: Waiting<Item, Result>[] = [];
    for (const member of members) {
      const key = this.work.keyOf(member.item);
      if (group.has(key)) rest.push(member);
      else group.set(key, member);
    }
    return [[...group.values()], rest];
  }

  /** A database that does not answer holds up the group under way, and is not to hold up all the rest for as long. */
  private refuseOverdue(): void {
    const limit = performance.now() - LONGEST_WAIT_MS;
    const late = this.waiting.filter(({ since }) => since <= limit);
    this.waiting = this.waiting.filter(({ since }) => since > limit);
    for (const { reject } of late) reject(new AppError('unavailable', { log: 'no group took it in', retryAfter: 1 }));
    const [oldest] = this.waiting;
    this.overdue = oldest && setTimeout(() => this.refuseOverdue(), oldest.since - limit + 1).unref();
  }
}
