import { FeedError } from './feed-error.js';
import type { Heartbeat } from './feed-messages.js';

/** The clocks of an application, injected so that tests can step them. Both in milliseconds. */
export interface Clock {
  /** Wall clock, since 1970. */
  now(): number;
  /** One that only ever grows. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** When something happened, by both clocks: a frozen process stops one, a stepped clock moves the other. */
export interface Moment {
  wall: number;
  monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/** Milliseconds, by the clock that says more; a wall clock that was set back would hide a freeze for as long. */
export function timeSince({ wall, monotonic }: Moment, clock: Clock): number {
  return Math.max(clock.monotonic() - monotonic, Math.abs(clock.now() - wall));
}

/** How far the two clocks may part during one stream, in milliseconds: they drift by some hundred in ten minutes. */
const MAX_PARTING = 1_000;

/**
 * How old the knowledge is. A stream tells how long it has lasted by the service's clock, so a heartbeat that was held up
 * on the way, however long, says when it was written: the moment our request was sent, which was before the stream
 * began, and that long after.
 */
export class Freshness {
  private confirmed: Moment = { wall: -Infinity, monotonic: -Infinity };

  constructor(
    private readonly clock: Clock,
    /** Milliseconds. */
    private readonly limit: number,
  ) {}

  moment(): Moment {
    return momentOf(this.clock);
  }

  /** `now`: unix ms. */
  isFresh(now = this.clock.now()): boolean {
    const { wall, monotonic } = this.confirmed;
    // A clock that was set back would hide a freeze for as long as it was set back.
    return this.clock.monotonic() - monotonic <= this.limit && Math.abs(now - wall) <= this.limit;
  }

  /** From now on nothing is fresh, until the next heartbeat. */
  expire(): void {
    this.confirmed = { wall: -Infinity, monotonic: -Infinity };
  }

  /** Milliseconds, by the clock that says more; Infinity before the first heartbeat. */
  get age(): number {
    return timeSince(this.confirmed, this.clock);
  }

  /** Milliseconds between the moment that a heartbeat tells of, as far as can be said, and its arrival. */
  lateness({ elapsed }: Heartbeat, start: Moment): number {
    return this.clock.monotonic() - start.monotonic - elapsed;
  }

  /**
   * Takes a heartbeat of the stream that was asked for at `start`. Throws a FeedError for one that cannot be, and
   * `clock_set` when our wall clock was set meanwhile.
   */
  confirm({ elapsed, staleness }: Heartbeat, start: Moment): void {
    const now = this.moment();
    if (start.monotonic + elapsed > now.monotonic + MAX_PARTING) {
      throw new FeedError('feed_invalid', 'a heartbeat from the future');
    }
    const parting = now.wall - start.wall - (now.monotonic - start.monotonic);
    if (Math.abs(parting) > MAX_PARTING)
      throw new FeedError('clock_set', `by ${Math.round(parting / 1000)} s: the list is loaded anew`);
    const age = elapsed - staleness;
    this.confirmed = {
      monotonic: Math.max(this.confirmed.monotonic, Math.min(start.monotonic + age, now.monotonic)),
      wall: Math.min(start.wall + age, now.wall),
    };
  }
}
