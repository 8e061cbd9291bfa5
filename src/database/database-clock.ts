import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';

/** A look at the database's clock: between two looks at ours, it was told. Milliseconds since 1970. */
export interface ClockReading {
  asked: number;
  told: number;
  answered: number;
}

/**
 * What to add to our clock for the database's time, in milliseconds; `known`: what was added so far. The database looked
 * at its clock at some moment between the question and the answer, so that only what lies outside of these is a fault.
 */
export function correctionBy({ asked, told, answered }: ClockReading, known = 0): number {
  return Math.min(Math.max(known, told - answered), told - asked);
}

/**
 * The database's clock as this machine can tell it. Tokens bear the database's time, so it is by this one that they are
 * judged. Each look into the log of revocations, one a second, corrects it; in between our own clock goes on.
 *
 * Until the next look, a step of our clock is a step of this one. Forward, it only refuses. Backward, it lets tokens live
 * longer, but none that was revoked:
 * - A step by more than the deny-list may be old makes that stale: no request is decided before another look.
 * - After a shorter one, this clock is behind the last look by no more than the deny-list may be old, which is five
 *   minutes (`@AllowStale()`) or REVOCATION_MAX_STALENESS. Entries outlive their tokens by both: by five minutes of
 *   their own (decision 4), and by the other as the list in memory is swept that much later.
 * - That sweep goes by `certain`. No step of one clock, ours or the database's, takes out what still refuses a token.
 */
@Injectable()
export class DatabaseClock {
  /** Milliseconds. Whole ones, which need no memory of their own. */
  private correction = 0;
  private told = 0;

  constructor(private readonly clock: Clock) {}

  /** Seconds since 1970 with fraction. `at`: by this machine's clock, unix ms. */
  seconds(at = this.clock.now()): number {
    return (at + this.correction) / 1000;
  }

  /** Seconds since 1970 that are over by our own clock and by what the database said last; 0 before it said anything. */
  get certain(): number {
    return Math.min(this.told, this.clock.now()) / 1000;
  }

  learn(reading: ClockReading): void {
    this.correction = Math.round(correctionBy(reading, this.correction));
    this.told = reading.told;
  }
}
