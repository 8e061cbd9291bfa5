import { useEffect, useState } from 'react';
import { useClient, useClientEvent } from './client-context.js';
import type { EndKind } from '../client-events.js';

export interface TimeOutWarning {
  kind: EndKind;
  /** Counts down to 0. */
  secondsLeft: number;
  /** Takes the warning away until the next one; postpones nothing. */
  dismiss(): void;
}

/**
 * The end of the session, while the client warns of it; null otherwise. All tabs that are seen warn together, and when
 * the session is used in one of them the warning goes away in all.
 */
export function useTimeOutWarning(): TimeOutWarning | null {
  const client = useClient();
  const [kind, setKind] = useState<EndKind | null>(null);
  const [secondsLeft, setSecondsLeft] = useState(0);

  useClientEvent('expiring', (ending) => {
    setKind(ending.kind);
    setSecondsLeft(wholeSeconds(ending.secondsLeft));
  });
  useClientEvent('postponed', () => setKind(null));
  useClientEvent('signedIn', () => setKind(null));
  useClientEvent('signedOut', () => setKind(null));

  useEffect(() => {
    if (!kind) return;
    // More often than the seconds change, so that none is skipped on screen.
    const timer = setInterval(() => setSecondsLeft(wholeSeconds(client.timeLeft()?.[kind] ?? 0)), 250);
    return () => clearInterval(timer);
  }, [client, kind]);

  return kind && { kind, secondsLeft, dismiss: () => setKind(null) };
}

function wholeSeconds(seconds: number): number {
  return Math.max(0, Math.ceil(seconds));
}
