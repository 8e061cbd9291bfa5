import { useEffect, useState } from 'react';
import type { Client } from '../client.js';
import { useClient } from './client-context.js';

/**
 * The service's time in milliseconds, renewed every so often, so that "2 minutes ago" is true and stays true even where
 * this device's clock is hours wrong. This device's own time while nobody is signed in.
 */
export function useServerNow(periodMs = 15_000): number {
  const client = useClient();
  const [now, setNow] = useState(() => serverNow(client));
  useEffect(() => {
    const renew = () => setNow(serverNow(client));
    const timer = setInterval(renew, periodMs);
    const stop = client.on('sessionChanged', renew);
    document.addEventListener('visibilitychange', renew);
    return () => {
      clearInterval(timer);
      stop();
      document.removeEventListener('visibilitychange', renew);
    };
  }, [client, periodMs]);
  return now;
}

/** The client knows how long the session lasts, and the service has said until when. */
function serverNow(client: Client): number {
  const { session } = client;
  const left = client.timeLeft();
  if (session.state !== 'signed_in' || !left) return Date.now();
  return Date.parse(session.session.expiresAt) - left.absolute * 1000;
}
