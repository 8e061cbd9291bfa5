import type { Clock } from '../common/clock.js';

/** Milliseconds between two looks at the head of the log. */
const POLL_MS = 1_000;

/** Milliseconds until a look that failed is tried again: soon enough to heal before the list is stale. */
export const RETRY_MS = 100;

/** Milliseconds between two looks that hints bring forward: anybody who may connect to the database can send them. */
const HINT_PAUSE_MS = 10;

/** When an instance looks at the log: each second, and at once at a hint. */
export class LookSchedule {
  private poll: NodeJS.Timeout | undefined;
  /** The look that a hint has brought forward. */
  private hinted: NodeJS.Timeout | undefined;
  private lastHinted = -Infinity;
  private stopped = false;

  /** `look` may fail. */
  constructor(
    private readonly clock: Clock,
    private readonly look: () => Promise<void>,
  ) {}

  start(): void {
    this.pollIn(POLL_MS);
  }

  stop(): void {
    this.stopped = true;
    this.stopPolling();
    clearTimeout(this.hinted);
    this.hinted = undefined;
  }

  /** From now on it looks at hints only. */
  stopPolling(): void {
    clearTimeout(this.poll);
    this.poll = undefined;
  }

  /** At once, but however many hints arrive, no sooner than HINT_PAUSE_MS after the last look they caused. */
  soon(): void {
    if (this.hinted || this.stopped) return;
    const wait = this.lastHinted + HINT_PAUSE_MS - this.clock.monotonic();
    if (wait <= 0) this.lookNow();
    else this.hinted = setTimeout(() => this.lookNow(), wait).unref();
  }

  private lookNow(): void {
    this.hinted = undefined;
    this.lastHinted = this.clock.monotonic();
    this.look().catch(() => undefined);
  }

  private pollIn(milliseconds: number): void {
    const look = async () => {
      const failed = await this.look().then(
        () => false,
        () => true,
      );
      if (this.poll) this.pollIn(failed ? RETRY_MS : POLL_MS);
    };
    this.poll = setTimeout(look, milliseconds).unref();
  }
}
