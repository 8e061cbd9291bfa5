import type { Core } from './core.js';
import type { Refresh } from './refresher.js';
import { hasExpired, timeLeft, type Held, type SessionKeeper } from './session-keeper.js';

/** What a person does, as the page sees it. */
const GESTURES = ['pointerdown', 'keydown', 'wheel', 'touchmove'];

/** Noted no more often, in milliseconds. */
const NOTED_EVERY_MS = 1_000;

/** How often activity alone, without requests, is told to the service: ten times in an idle time, or every 5 minutes. */
const USES_PER_IDLE_TIME = 10;
const TOLD_EVERY_MS = 300_000;

export interface Activity {
  /** What stops listening. */
  offs: (() => void)[];
  /** Whether something was done in this tab since these tokens came, and no longer ago than they are good for. */
  since(held: Held): boolean;
  note(): void;
  /** Uses the session now. Does nothing in a hidden tab: a tab in the background keeps no session active. */
  stayActive(): Promise<void>;
}

/**
 * What the person does in a visible tab counts as use of the session, though it needs no request: it is told to the
 * service now and then, while they do it. Nothing here runs by timer, so whoever has left is not kept signed in.
 */
export function createActivity(
  { environment: { page, monotonic } }: Core,
  keeper: SessionKeeper,
  refresh: Refresh,
  isTracked: boolean,
): Activity {
  let last = -Infinity;

  function note(): void {
    const { held } = keeper;
    const now = monotonic();
    if (!held || !page.isVisible() || now - last < NOTED_EVERY_MS) return;
    last = now;
    keeper.announce('activity');
    const { idle, absolute } = timeLeft(held);
    const unused = held.idleLength - idle * 1000;
    const isTold = idle >= absolute || unused < Math.min(held.idleLength / USES_PER_IDLE_TIME, TOLD_EVERY_MS);
    if (hasExpired(held) || !isTold) stayActive().catch(() => {});
  }

  async function stayActive(): Promise<void> {
    if (!keeper.held || !page.isVisible()) return;
    last = monotonic();
    await refresh(keeper.held.accessToken);
  }

  return {
    offs: isTracked ? GESTURES.map((type) => page.on(type, note)) : [],
    since: ({ elapsed, expiresIn }) => monotonic() - last < Math.min(elapsed(), expiresIn * 1000),
    note,
    stayActive,
  };
}
