import type { Locks } from './environment.js';

/**
 * How long a tab waits for another one, in milliseconds. A frozen tab holds its lock for as long as it is frozen; past
 * this, the server's idempotent refresh has to do, as it does where there are no locks.
 */
const PATIENCE_MS = 3_000;

export type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * One after the other, in all tabs: whatever replaces the cookie. It spares requests and keeps late answers from
 * overtaking newer ones; nothing depends on it alone.
 */
export async function takeTurn<Result>(
  locks: Locks | undefined,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  let running: Promise<Result> | undefined;
  try {
    return await locks!.request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => (running = work()));
  } catch {
    // No locks, or waited too long. What the work itself threw is thrown again.
    return running ?? work();
  }
}
