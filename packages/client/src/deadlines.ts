import type { Ending } from './client-events.js';
import type { Core } from './core.js';
import type { Refresh } from './refresher.js';
import { timeLeft, type Held, type SessionKeeper } from './session-keeper.js';
import type { SessionWatch } from './session-watch.js';

/** The longest time between two looks, in seconds: soon after a computer has woken up, its tabs know. */
const LONGEST_LOOK_S = 15;

/** The shortest, in seconds: for counting down. */
const WARNED_LOOK_S = 1;

/** After the end of a session, before the service is asked about it, in seconds: uses are noted only so often. */
const MARGIN_S = 5;

/**
 * Says `warnBefore` seconds before a session ends, and notices when it has. Gives what is to be called when anything has
 * changed: it looks then, and by itself while `isOpen`.
 */
export function createDeadlines(
  { environment: { page, wall }, events }: Core,
  keeper: SessionKeeper,
  refresh: Refresh,
  poll: SessionWatch['poll'],
  warnBefore: number,
): (isOpen: boolean) => void {
  /** Of which end it was warned. */
  let warned = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOpen = false;
  let isLooking = false;

  async function look(): Promise<void> {
    clearTimeout(timer);
    if (!keeper.held) warned = '';
    if (!isOpen || isLooking || !keeper.held) return;
    isLooking = true;
    // Other uses than this tab knows of may have postponed it.
    if (page.isVisible() && nearEnd(keeper.held) !== warned) await poll();
    if (keeper.held && nearEnd(keeper.held) !== warned) {
      warned = nearEnd(keeper.held);
      events.emit(warned ? 'expiring' : 'postponed', soonest(keeper.held));
    }
    const { held } = keeper;
    // It has run out, as far as is known here. A refresh is refused then, and says so: it keeps no session active, as it is
    // asked only once it should have ended. Without an answer the state stays, and it is asked again.
    if (held && soonest(held).secondsLeft < -MARGIN_S && page.isVisible()) {
      if (!(await poll()) && keeper.held === held) await refresh(held.accessToken).catch(() => {});
    }
    isLooking = false;
    if (!isOpen || !keeper.held) return;
    const { secondsLeft } = soonest(keeper.held);
    // At the warning; while a dialog may be open, which is to go when the session is used; after the end; and now and then.
    const wait = secondsLeft < -MARGIN_S ? LONGEST_LOOK_S : Math.min(LONGEST_LOOK_S, secondsLeft - warnBefore);
    timer = setTimeout(look, Math.max(WARNED_LOOK_S, wait) * 1000);
  }

  /** The end that comes first. An idle end that coincides with the absolute one is none: no use postpones it. */
  function soonest(held: Held): Ending {
    const left = timeLeft(held);
    const kind = left.idle < left.absolute ? 'idle' : 'absolute';
    return { kind, secondsLeft: left[kind], at: wall() + left[kind] * 1000 };
  }

  /** Of which end to warn; empty for none. A hidden tab warns of no other one until it is shown, and can ask. */
  function nearEnd(held: Held): string {
    const { kind, secondsLeft } = soonest(held);
    if (secondsLeft > warnBefore) return '';
    return page.isVisible() ? kind + held.session.id : warned;
  }

  return (open) => {
    isOpen = open;
    void look();
  };
}
