import type { Activity } from './activity.js';
import type { Core } from './core.js';
import type { Refresh } from './refresher.js';
import { hasExpired, type Held, type SessionKeeper } from './session-keeper.js';
import type { SessionState } from './session-state.js';
import type { SignOut } from './sign-out.js';

export interface TabLife {
  ready(): Promise<SessionState>;
  /** Tokens that should be good, of whoever is signed in by now in any tab; null for nobody. */
  current(): Promise<Held | null>;
  close(): void;
}

/** From the load of a page to its end: shown, hidden, frozen, kept for "back", cut off from the network. */
export function createTabLife(
  { environment: { page }, name, record, events }: Core,
  keeper: SessionKeeper,
  refresh: Refresh,
  signOuts: SignOut,
  activity: Activity,
  update: (isOpen: boolean) => void,
): TabLife {
  /** Makes sure that this tab knows what other tabs did, also when it could not hear them. */
  async function catchUp(): Promise<void> {
    const { held } = keeper;
    const isUnknown = keeper.session.state === 'unknown';
    const { session, signOut, isAnonymous, reason = 'another_tab' } = record.read();
    // A page that was just loaded asks: somebody may have signed in without a client, on pages that a server renders.
    if (!session && (signOut || (isAnonymous && !isUnknown))) keeper.drop(reason, null);
    else if (session ? session !== held?.session.id : isUnknown) await refresh(held?.accessToken);
  }

  async function ready(): Promise<SessionState> {
    if (keeper.session.state === 'unknown') {
      await catchUp();
      void signOuts.retry();
    }
    return keeper.session;
  }

  /** The tab is shown, or the network is back, or another tab has written the record: what has happened since? */
  async function wake(): Promise<void> {
    keeper.tabs.open();
    update(true);
    // Without an answer, it is asked again at the next occasion.
    await catchUp().catch(() => {});
    await signOuts.retry();
  }

  async function current(): Promise<Held | null> {
    await catchUp();
    const { held } = keeper;
    return held && hasExpired(held) ? refresh(held.accessToken) : held;
  }

  function sleep(): void {
    update(false);
    keeper.tabs.close();
  }

  keeper.tabs.open();
  const shown = () => {
    activity.note();
    void wake();
  };
  const offs = [
    ...activity.offs,
    events.on('sessionChanged', () => update(true)),
    // Browsers also say it of a page that was just left: hiding must open nothing.
    page.on('visibilitychange', () => (page.isVisible() ? shown() : update(false))),
    page.on('pageshow', shown),
    page.on('online', wake),
    // A page with open connections would not be kept for "back".
    page.on('pagehide', sleep),
    page.on('storage', (event) => {
      if ((event as StorageEvent).key === name) void wake();
    }),
  ];
  return {
    ready,
    current,
    close() {
      for (const off of offs) off();
      sleep();
    },
  };
}
