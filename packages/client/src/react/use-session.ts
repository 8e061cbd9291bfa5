import { useCallback, useSyncExternalStore } from 'react';
import type { SessionState } from '../session-state.js';
import { useClient } from './client-context.js';

/** Who is signed in, and whether that is known yet; renders again when it changes, in whatever tab that happens. */
export function useSession(): SessionState {
  const client = useClient();
  const subscribe = useCallback((changed: () => void) => client.on('sessionChanged', changed), [client]);
  return useSyncExternalStore(subscribe, () => client.session);
}
