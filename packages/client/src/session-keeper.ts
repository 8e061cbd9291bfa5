import type { BrowserRecord } from './browser-record.js';
import type { EndKind } from './client-events.js';
import type { Core } from './core.js';
import { issuedAt, startStopwatch, type Stopwatch } from './server-clock.js';
import type { SessionInfo, SessionState, SignedOutReason, Tokens } from './session-state.js';
import { createTabChannel, type TabChannel, type TabMessage } from './tab-channel.js';

/** How often it is noted that the session was used, in milliseconds. */
const USE_NOTED_EVERY_MS = 3_000;

/** How tokens came to this tab. */
export type Arrival = 'sign_in' | 'refresh' | 'another_tab';

/** Who says when a session ends: the service, just asked; the service, some time ago perhaps; another tab. */
export type EndsSource = 'answer' | 'news' | 'another_tab';

/** Tokens, in memory only, and the time they came with. */
export interface Held extends Tokens, Stopwatch {
  /** In the server's time, milliseconds since 1970. */
  issued: number;
  /** How long the session lasts unused, in milliseconds. */
  idleLength: number;
  /** What other tabs are told of them. */
  message: TabMessage;
}

export interface SessionKeeper {
  readonly held: Held | null;
  readonly session: SessionState;
  readonly tabs: TabChannel;
  /** Aborted when what was begun for this session is of no use any more. */
  readonly signal: AbortSignal;
  adopt(tokens: Tokens, how: Arrival): Held;
  /**
   * Nobody is signed in any more. `remember` is what the browser is to remember, by default that nobody is; null when
   * another tab has written it. Silent when nobody was.
   */
  drop(reason: SignedOutReason, remember?: BrowserRecord | null): void;
  /** Emits an event in all tabs. */
  announce(type: 'activity' | 'devicesChanged'): void;
  /** When this session ends: it was used, perhaps by another tab. What may be old moves no end back. Default: `news`. */
  moveEnds(session: SessionInfo, source?: EndsSource): void;
  /** The service accepted a request with these tokens: by its rules a use. */
  noteUse(held: Held): void;
}

/** Whether the access token has run out, as far as can be told here. */
export function hasExpired({ elapsed, expiresIn }: Held): boolean {
  return elapsed() >= expiresIn * 1000;
}

/** Seconds until the session ends, negative afterwards. One reading of the clock for both: ends that coincide stay equal. */
export function timeLeft({ issued, elapsed, session }: Held): Record<EndKind, number> {
  const now = issued + elapsed();
  return {
    idle: (Date.parse(session.idleExpiresAt) - now) / 1000,
    absolute: (Date.parse(session.expiresAt) - now) / 1000,
  };
}

/**
 * Who is signed in, as this tab knows it: the one place where tokens come in and go, each bound to its session and user.
 * Tells the page by events and the other tabs by messages.
 */
export function createSessionKeeper({ environment, name, record, events }: Core): SessionKeeper {
  const { wall, monotonic } = environment;
  let held: Held | null = null;
  let session: SessionState = { state: 'unknown' };
  let epoch = new AbortController();
  let noted = -Infinity;
  const tabs = createTabChannel(environment, name, hear);

  function change(next: SessionState, isAnother = false): void {
    session = next;
    if (isAnother) {
      epoch.abort();
      epoch = new AbortController();
    }
    events.emit('sessionChanged', next);
  }

  function adopt(tokens: Tokens, how: Arrival, at = wall()): Held {
    const before = held;
    const { user, session: own } = tokens;
    const isUnknown = session.state === 'unknown';
    const issued = issuedAt(tokens.accessToken) ?? at;
    const message: TabMessage = { type: 'tokens', tokens, at };
    const idleLength = Date.parse(own.idleExpiresAt) - issued;
    held = { ...tokens, issued, idleLength, message, ...startStopwatch(environment, at) };
    if (how !== 'another_tab') {
      record.write({ user: user.id, session: own.id, at });
      tabs.post(message);
    }
    change({ state: 'signed_in', user, session: own }, !!before && before.session.id !== own.id);
    if (before && before.user.id !== user.id) events.emit('userChanged', { from: before.user, to: user });
    if (before && how !== 'sign_in') events.emit('refreshed', { user, session: own });
    else {
      const arrival = isUnknown ? 'restored' : 'another_tab';
      events.emit('signedIn', { user, session: own, how: how === 'sign_in' ? how : arrival });
    }
    return held;
  }

  function drop(word: SignedOutReason, remember: BrowserRecord | null = { isAnonymous: true }): void {
    const { state } = session;
    const reason = word === 'this_tab' && !remember ? 'another_tab' : word;
    const known = held?.session.id ?? record.read().session;
    if (remember) record.write({ ...remember, reason });
    if (remember && known) tabs.post({ type: 'signedOut', id: known, reason });
    held = null;
    if (state === 'anonymous') return;
    change({ state: 'anonymous', ...(known && { reason }) }, true);
    if (known) events.emit('signedOut', { reason });
  }

  function moveEnds({ id, expiresAt, idleExpiresAt }: SessionInfo, source: EndsSource = 'news'): void {
    const before = held?.session;
    if (before?.id !== id || idleExpiresAt === before.idleExpiresAt) return;
    if (source !== 'answer' && idleExpiresAt < before.idleExpiresAt) return;
    const own = (held!.session = { id, expiresAt, idleExpiresAt });
    if (source !== 'another_tab') tabs.post({ type: 'ends', session: own });
    change({ state: 'signed_in', user: held!.user, session: own });
  }

  function noteUse({ session: own, issued, elapsed, idleLength }: Held): void {
    if (monotonic() - noted < USE_NOTED_EVERY_MS) return;
    noted = monotonic();
    const idleEnd = Math.min(issued + elapsed() + idleLength, Date.parse(own.expiresAt));
    moveEnds({ ...own, idleExpiresAt: new Date(idleEnd).toISOString() });
  }

  function hear(message: TabMessage): void {
    const { type } = message;
    if (type === 'tokens') hearTokens(message.tokens, message.at);
    else if (type === 'activity' || type === 'devicesChanged') events.emit(type, {});
    else if (type === 'ends') moveEnds(message.session, 'another_tab');
    else if (type === 'tokensWanted') {
      if (held && !hasExpired(held)) tabs.post(held.message);
    } else if (message.id === held?.session.id) drop(message.reason, null);
  }

  /** A tab that was frozen hears old news too: only what fits the record, and is newer, counts. */
  function hearTokens(tokens: Tokens, at: number): void {
    const { id } = tokens.session;
    if (record.read().session !== id) return;
    const isOlder = held?.session.id === id && (issuedAt(tokens.accessToken) ?? 0) < held.issued;
    if (!isOlder && held?.accessToken !== tokens.accessToken) adopt(tokens, 'another_tab', at);
  }

  return {
    get held() {
      return held;
    },
    get session() {
      return session;
    },
    get signal() {
      return epoch.signal;
    },
    tabs,
    announce(type) {
      events.emit(type, {});
      tabs.post({ type });
    },
    adopt,
    drop,
    moveEnds,
    noteUse,
  };
}
