import type { Clock } from '../common/clock.js';

/** One moment by both clocks: a frozen process stops one, a stepped clock the other. Milliseconds. */
export interface Moment {
  monotonic: number;
  wall: number;
}

/** How long ago the deny-list was confirmed: by the start of the last read that did so. */
export class IndexFreshness {
  private confirmedAt: Moment = { monotonic: -Infinity, wall: -Infinity };
  /** Milliseconds. */
  private readonly staleAfter: number;

  /** `maxStaleness`: seconds. */
  constructor(
    private readonly clock: Clock,
    maxStaleness: number,
  ) {
    this.staleAfter = maxStaleness * 1000;
  }

  now(): Moment {
    return { monotonic: this.clock.monotonic(), wall: this.clock.now() };
  }

  /** `began`: the start of a read that is done. */
  confirm(began: Moment): void {
    this.confirmedAt = began;
  }

  /** As `RevocationSync.isFresh`. */
  isFresh(now: number, allowed: number | null): boolean {
    const limit = allowed === null ? this.staleAfter : this.limitFor(allowed);
    return (
      this.clock.monotonic() - this.confirmedAt.monotonic <= limit &&
      // A clock that was set back would hide a freeze for as long as it was set back.
      Math.abs(now - this.confirmedAt.wall) <= limit
    );
  }

  /** Milliseconds since then, by the clock that says more; Infinity before the first. */
  get staleness(): number {
    const byWall = Math.abs(this.clock.now() - this.confirmedAt.wall);
    return Math.max(this.clock.monotonic() - this.confirmedAt.monotonic, byWall);
  }

  /** For people. */
  describeAge(): string {
    const age = (this.clock.monotonic() - this.confirmedAt.monotonic) / 1000;
    return Number.isFinite(age) ? `${age.toFixed(1)} s` : 'never, so unboundedly long';
  }

  private limitFor(allowed: number): number {
    return allowed < 0 ? -1 : Math.max(this.staleAfter, allowed * 1000);
  }
}
