import type { Channel, Environment } from './environment.js';
import type { SessionInfo, SignedOutReason, Tokens } from './session-state.js';

/** What tabs tell each other. Times are milliseconds since 1970 by this device's clock, which all tabs share. */
export type TabMessage =
  | { type: 'tokens'; tokens: Tokens; at: number }
  | { type: 'signedOut'; id: string; reason: SignedOutReason }
  | { type: 'ends'; session: SessionInfo }
  | { type: 'activity' }
  | { type: 'devicesChanged' }
  /** Who has tokens, please say them: the asking tab may not refresh. */
  | { type: 'tokensWanted' };

export interface TabChannel {
  open(): void;
  post(message: TabMessage): void;
  /** A page with an open channel would not be kept for "back". */
  close(): void;
}

/** The tabs of one application in one browser. Deaf and mute where the browser has no BroadcastChannel. */
export function createTabChannel(
  { openChannel, storage }: Environment,
  name: string,
  receive: (message: TabMessage) => void,
): TabChannel {
  let channel: Channel | null = null;
  return {
    open() {
      try {
        // Without a record that all tabs share, none could tell old news from new.
        channel ??= storage() ? openChannel(name) : null;
        channel!.onmessage = ({ data }) => receive(data as TabMessage);
      } catch {
        // This tab is on its own.
      }
    },
    post: (message) => channel?.postMessage(message),
    close() {
      channel?.close();
      channel = null;
    },
  };
}
