/** The part of Web Locks that is used. */
export interface Locks {
  request<Result>(name: string, options: { signal: AbortSignal }, work: () => Promise<Result>): Promise<Result>;
}

/** The part of BroadcastChannel that is used. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The part of localStorage that is used. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The page the client runs in: its visibility and its events. */
export interface Page {
  isVisible(): boolean;
  /** False only when the browser is sure. */
  isOnline(): boolean;
  /** Returns what stops it. */
  on(type: string, handler: (event: Event) => void): () => void;
}

/** What the client takes from the browser. Whatever is missing, it does without. */
export interface Environment {
  fetch: typeof globalThis.fetch;
  /** May throw, where the browser forbids storage. */
  storage: () => KeyValueStorage | null | undefined;
  locks: Locks | undefined;
  /** May throw, where there are none. */
  openChannel: (name: string) => Channel;
  page: Page;
  /** Milliseconds, never set back; may stand still while the computer sleeps. */
  monotonic(): number;
  /** Milliseconds since 1970 by this device's clock, which may be hours wrong and may jump. */
  wall(): number;
}

/** The browser's own. Works, without tabs and storage, wherever there is `fetch`. */
export function browserEnvironment(fetch = globalThis.fetch): Environment {
  const scope = globalThis;
  return {
    // Called by itself: the browser's own refuses any other `this`.
    fetch: (input, init) => fetch(input, init),
    storage: () => scope.localStorage,
    locks: scope.navigator?.locks as Locks | undefined,
    openChannel: (name) => new BroadcastChannel(name) as Channel,
    page: {
      isVisible: () => scope.document?.visibilityState !== 'hidden',
      isOnline: () => scope.navigator?.onLine !== false,
      on(type, handler) {
        // Capturing on the window sees the document's events too, and those that a component stops. (Browsers take such listeners for passive.)
        scope.addEventListener?.(type, handler, true);
        return () => scope.removeEventListener?.(type, handler, true);
      },
    },
    monotonic: () => performance.now(),
    wall: Date.now,
  };
}
