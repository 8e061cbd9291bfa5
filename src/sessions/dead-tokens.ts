import type { Clock } from '../common/clock.js';
import type { PresentedToken } from './refresh.repository.js';

/** Milliseconds: long enough for who repeats itself, short enough for a database that became an older state of itself. */
const REMEMBERED_MS = 60_000;

/** Some two megabytes. The oldest goes first. */
const MOST_REMEMBERED = 10_000;

export interface Dead {
  /** `invalid`: the table knows its session no more. */
  verdict: 'ended' | 'invalid';
  /** Why its session ended; null where that is not known. */
  endReason: string | null;
}

/**
 * Genuine refresh tokens of sessions that have ended, which does not change any more (but for one that ran out, if its
 * application lets sessions lie unused for longer: it learns of that a minute later). Whoever goes on presenting one is
 * told so from memory. (A token that was forged is refused by its MAC.) Forgetting one costs two statements.
 */
export class DeadTokens {
  private readonly tokens = new Map<string, Dead & { until: number }>();

  constructor(private readonly clock: Clock) {}

  add(token: PresentedToken, dead: Dead): void {
    const oldest = this.tokens.keys().next();
    if (this.tokens.size >= MOST_REMEMBERED && !oldest.done) this.tokens.delete(oldest.value);
    this.tokens.set(nameOf(token), { ...dead, until: this.clock.now() + REMEMBERED_MS });
  }

  /** Null for a token of which nothing is known. */
  find(token: PresentedToken): Dead | null {
    const name = nameOf(token);
    const dead = this.tokens.get(name);
    if (dead && dead.until > this.clock.now()) return dead;
    this.tokens.delete(name);
    return null;
  }
}

/** All that the table is asked about, and a hash in place of the secret. */
function nameOf({ sessionId, generation, secretHash, applicationId, delivery }: PresentedToken): string {
  return `${sessionId} ${generation} ${secretHash.toString('base64')} ${delivery} ${applicationId}`;
}
