import type { Core } from './core.js';
import { needsRefresh, type PortcullisError } from './errors.js';
import { pause } from './pause.js';
import type { Refresh } from './refresher.js';
import { hasExpired, timeLeft, type Held, type SessionKeeper } from './session-keeper.js';
import { signedOutReason, type SessionEnds } from './session-state.js';

/** Three heartbeats of the service, in milliseconds: a stream that is silent for longer is dead. */
const SILENCE_MS = 45_000;

/** Between attempts to connect, in milliseconds, at most: doubled each time. A random part of it spreads the tabs. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export interface SessionWatch {
  /** Begins, goes on or ends, as the state of the tab demands. */
  update(isOpen: boolean): void;
  /** Asks how the session stands, which is no use of it. True when the service said that it is alive. */
  poll(): Promise<boolean>;
}

/**
 * Learns at once when the session ends elsewhere: from the event stream, in one visible tab that tells the others; where
 * no stream comes through, by asking `GET /v1/sessions/current` now and then. Neither counts as use. Nothing is open
 * while the tab is hidden.
 *
 * `isActive`: whether the person has done something in this tab since the tokens came. Only then may it refresh by itself,
 * when they have run out: an unattended tab keeps no session active.
 */
export function createSessionWatch(
  { environment: { page, locks }, name, calls }: Core,
  keeper: SessionKeeper,
  refresh: Refresh,
  isActive: (held: Held) => boolean,
): SessionWatch {
  let watching: { session: string; abort: AbortController } | null = null;

  function update(isOpen: boolean): void {
    const session = isOpen && page.isVisible() ? keeper.held?.session.id : undefined;
    if (session === watching?.session) return;
    watching?.abort.abort();
    watching = null;
    if (!session) return;
    const own = { session, abort: new AbortController() };
    watching = own;
    void lead(own.abort.signal).then(() => {
      if (watching === own) watching = null;
    });
  }

  /** One tab of the browser at a time; each for itself where there are no locks. */
  async function lead(signal: AbortSignal): Promise<void> {
    try {
      await locks!.request(`${name}:watch`, { signal }, () => follow(signal));
    } catch {
      // No locks, or no longer wanted.
      await follow(signal);
    }
  }

  let isBack = false;

  /** Until it is no longer wanted, or could go on only by refreshing for nobody: new tokens begin it again. */
  async function follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted && keeper.held) {
      const { held } = keeper;
      const isConnected = await stream(held, signal);
      isBack = true;
      if (signal.aborted || (keeper.held === held && hasExpired(held) && !isActive(held))) return;
      if (!isConnected && keeper.held === held) await poll();
      wait = isConnected ? FIRST_PAUSE_MS : Math.min(wait * 2, LONGEST_PAUSE_MS);
      await pause(wait * Math.random(), signal);
    }
  }

  /** Reads until the stream ends. True when it had been established. */
  async function stream(held: Held, signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pulse = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    pulse();
    let isEstablished = false;
    try {
      const body = await calls.open(
        '/v1/sessions/current/events',
        held.accessToken,
        AbortSignal.any([signal, silence.signal]),
      );
      const reader = body.pipeThrough<string>(new TextDecoderStream() as ReadableWritablePair).getReader();
      // Not read on once it is not wanted: where the stream has ended too, Node 20 answers such a read never.
      for (let rest = '', chunk; !(signal.aborted || (chunk = await reader.read()).done);) {
        pulse();
        const blocks = (rest + chunk.value).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) hear(block, held);
        isEstablished = true;
      }
    } catch (error) {
      if (!signal.aborted) await consider(error, held);
    } finally {
      clearTimeout(timer);
    }
    return isEstablished;
  }

  /** One event of a `text/event-stream` (HTML standard, section 9.2.6). */
  function hear(block: string, held: Held): void {
    const [, event, text = '{}'] = /^event: ?(.*)$[^]*^data: ?(.*)$/m.exec(block) ?? [];
    const data = JSON.parse(text) as Partial<SessionEnds> & { reason?: string };
    if (event === 'ended') {
      // Somebody may have signed in again since.
      const isMine = keeper.held?.session.id === held.session.id;
      if (isMine) keeper.drop(signedOutReason(data.reason ?? 'unknown'));
    } else if (event === 'outdated') refresh(held.accessToken).catch(() => {});
    else if (event === 'renewed') keeper.moveEnds({ ...held.session, ...data });
    // What changed while it was away, nobody told.
    else if (event === 'devices_changed' || (isBack && event === 'ready')) keeper.announce('devicesChanged');
  }

  async function poll(): Promise<boolean> {
    const { held, session } = keeper;
    if (!held) return false;
    try {
      const options = { method: 'GET', token: held.accessToken, credentials: 'omit' } as const;
      const ends = (await calls.call('/v1/sessions/current', options)) as Partial<SessionEnds> | null;
      if (!ends?.expiresAt) return false;
      // After a refresh or a use meanwhile, the answer may be about before it.
      if (keeper.session === session) keeper.moveEnds({ ...held.session, ...ends }, 'answer');
      // It did not sleep that long, then: its clock was put right.
      if (timeLeft(held).idle < 0) held.elapsed = held.awake;
      return true;
    } catch (error) {
      await consider(error, held);
      return false;
    }
  }

  /** After a refusal, the refresh has the final word; but a token that has just run out is no reason for one. */
  async function consider(error: unknown, held: Held): Promise<void> {
    if (needsRefresh(error) && ((error as PortcullisError).code !== 'token_expired' || isActive(held))) {
      await refresh(held.accessToken).catch(() => {});
    }
  }

  return { update, poll };
}
