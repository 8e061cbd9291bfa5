import type { SessionInfo, SessionState, SignedOutReason, User } from './session-state.js';

export type EndKind = 'idle' | 'absolute';

export interface Ending {
  /** `idle` is postponed by use; `absolute` is not. */
  kind: EndKind;
  /** By this device's clock, however wrong: milliseconds since 1970. */
  at: number;
  secondsLeft: number;
}

export interface ClientEvents {
  /** Any change of `client.session`. */
  sessionChanged: SessionState;
  /** `restored`: found signed in when the page was loaded. */
  signedIn: { user: User; session: SessionInfo; how: 'sign_in' | 'restored' | 'another_tab' };
  /** New tokens, here or in another tab. */
  refreshed: { user: User; session: SessionInfo };
  /** The session ends soon. Every tab says so, a hidden one when it is shown. */
  expiring: Ending;
  /** After `expiring`: it was used, and ends later. */
  postponed: Ending;
  signedOut: { reason: SignedOutReason };
  /** Somebody else has signed in. Drop everything that belongs to `from`. */
  userChanged: { from: User; to: User };
  /** A device came, went or was renamed: reload the list, if it is shown. */
  devicesChanged: Record<string, never>;
  /** The person did something, in whichever tab they see. */
  activity: Record<string, never>;
}

export type Handler<Name extends keyof ClientEvents> = (event: ClientEvents[Name]) => void;

export interface Emitter {
  /** Returns what unsubscribes it. */
  on<Name extends keyof ClientEvents>(name: Name, handler: Handler<Name>): () => void;
  /** Calls handlers in the order they came. One that throws is reported to the page and harms no other. */
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void;
}

export function createEmitter(): Emitter {
  const target = new EventTarget();
  return {
    on(name, handler) {
      const listener = (event: Event) => handler((event as CustomEvent<ClientEvents[typeof name]>).detail);
      target.addEventListener(name, listener);
      return () => target.removeEventListener(name, listener);
    },
    emit(name, detail) {
      target.dispatchEvent(new CustomEvent(name, { detail }));
    },
  };
}
