import type { Core } from './core.js';
import { mayPass, NetworkError, type PortcullisError } from './errors.js';
import { pause } from './pause.js';
import { asTokens } from './service-calls.js';
import type { Held, SessionKeeper } from './session-keeper.js';
import { signedOutReason, type SignedOutReason } from './session-state.js';

/**
 * Pauses between attempts, in milliseconds. The answer that was lost may have carried the next cookie, and the server
 * gives it again for ten seconds (its REFRESH_GRACE): all attempts begin within nine.
 */
const PAUSES_MS = [250, 750, 2_000, 4_000];
const ATTEMPTS_BEGIN_WITHIN_MS = 9_000;

/** How long an attempt may take: an early one is given up while another one can still recover its answer. */
const EARLY_TIMEOUT_MS = 4_000;
const LAST_TIMEOUT_MS = 20_000;

/** The longest `Retry-After` that is waited for, in seconds; past it the caller is told. */
export const LONGEST_WAIT_S = 5;

/** How long the news of another tab's refresh may take after its turn has ended, in milliseconds. */
const NEWS_MS = 50;

/** How often a hidden tab looks whether it is shown, or has been given tokens by another one, in milliseconds. */
const HIDDEN_PAUSE_MS = 250;

/** Between the two questions about a cookie that another tab may just have been replacing, in milliseconds. */
const INVALID_PAUSE_MS = 500;

/**
 * Tokens other than `stale` (an access token that was refused; undefined when there are none yet). Null when the service has
 * said that nobody is signed in. Throws when it has said neither: NetworkError, PortcullisError.
 */
export type Refresh = (stale: string | undefined) => Promise<Held | null>;

/**
 * Gets new tokens for the cookie: only when asked, once for all who ask, and never in a hidden tab. `settleSignOut` tells
 * the server of a sign-out that waits; false when it could not.
 */
export function createRefresh(
  { environment: { page, monotonic, wall }, record, calls, turn, applicationId }: Core,
  keeper: SessionKeeper,
  settleSignOut: () => Promise<boolean>,
): Refresh {
  let flight: Promise<Held | null> | null = null;

  async function run(stale: string | undefined): Promise<Held | null> {
    const { signal } = keeper;
    const isDone = () => signal.aborted || (keeper.held && keeper.held.accessToken !== stale);
    if (!page.isVisible()) keeper.tabs.post({ type: 'tokensWanted' });
    while (!page.isVisible() && !isDone()) await pause(HIDDEN_PAUSE_MS, signal);
    const asked = wall();
    return turn(async () => {
      // Another tab had the turn before: its tokens are on their way.
      if (record.read().at! >= asked && !isDone()) await pause(NEWS_MS, signal);
      if (isDone()) return keeper.held;
      if (!record.read().signOut) return ask(signal);
      if (!(await settleSignOut())) throw new NetworkError();
      return signedOut();
    });
  }

  /** Another tab has signed out: no refresh undoes that. */
  function signedOut(): null {
    keeper.drop('another_tab', null);
    return null;
  }

  async function ask(signal: AbortSignal): Promise<Held | null> {
    const latest = monotonic() + ATTEMPTS_BEGIN_WITHIN_MS;
    let expected = record.read().session;
    let mayBeReplaced = keeper.held !== null;
    for (let attempt = 0; !signal.aborted; attempt++) {
      let wait: number | null = INVALID_PAUSE_MS;
      try {
        const timeout = attempt < 2 ? EARLY_TIMEOUT_MS : LAST_TIMEOUT_MS;
        const tokens = asTokens(await calls.call('/v1/auth/refresh', { body: { applicationId }, timeout, signal }));
        const { session, signOut } = record.read();
        if (signal.aborted) break;
        if (signOut) return signedOut();
        if (session === expected || session === tokens.session.id) return keeper.adopt(tokens, 'refresh');
        // Another tab signed in meanwhile: which of the two the cookie is of now, only the server can say.
        expected = session;
      } catch (error) {
        if (signal.aborted) break;
        const reason = finalWord(error);
        const { session } = record.read();
        if (reason === null) {
          wait = waitBefore(attempt, error);
          if (wait === null || monotonic() + wait > latest) throw error;
        } else if (session && session !== expected) {
          // It was about a cookie that another tab has replaced since.
          expected = session;
        } else if (mayBeReplaced && (error as PortcullisError).code === 'refresh_token_invalid') {
          mayBeReplaced = false;
        } else {
          keeper.drop(reason);
          return null;
        }
      }
      await pause(wait, signal);
    }
    return keeper.held;
  }

  /** Milliseconds until the next attempt; null when there is to be none. */
  function waitBefore(attempt: number, error: unknown): number | null {
    const { retryAfter = 0 } = error as Partial<PortcullisError>;
    const wait = PAUSES_MS[attempt];
    if (!wait || !mayPass(error) || !page.isOnline() || retryAfter > LONGEST_WAIT_S) return null;
    return Math.max(wait, retryAfter * 1000);
  }

  return async (stale) => {
    if (keeper.held && keeper.held.accessToken !== stale) return keeper.held;
    return (flight ??= run(stale).finally(() => (flight = null)));
  };
}

/** Why nobody is signed in any more, when that is what the service said: nothing else ever signs out. */
function finalWord(error: unknown): SignedOutReason | null {
  const { action, code, reason } = error as Partial<PortcullisError>;
  return action === 'sign_in' ? signedOutReason(reason ?? code!) : null;
}
