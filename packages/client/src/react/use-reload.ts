import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useClientEvent } from './client-context.js';

export interface Reloaded<T> {
  /** Of the last load that succeeded; null before the first one. */
  data: T | null;
  /** Why the last load failed; undefined when it succeeded. */
  error: unknown;
  /** Never rejects: what goes wrong is in `error`. */
  reload(): Promise<void>;
  /** As `reload`; a hidden page does it when it is shown. */
  reloadWhenVisible(): void;
  /** Changes what is shown; a load that is under way is done again, as it may not know of the change. */
  change(update: (data: T) => T): void;
}

export interface ReloadOptions<T> {
  periodMs: number;
  /**
   * How long after somebody did something the timer goes on, in milliseconds. A load is a use of the session: a page that
   * was left open would otherwise keep it from ever ending by itself.
   */
  attendedMs: (data: T) => number;
}

/**
 * Loads when the component appears, and every `periodMs` while the page is visible and somebody is there; at once when
 * that becomes true again and it is due, and when the network comes back. The answer of the latest load counts.
 */
export function useReload<T>(
  load: (signal: AbortSignal) => Promise<T>,
  { periodMs, attendedMs }: ReloadOptions<T>,
): Reloaded<T> {
  const { data, error, reload, change, loadedAt } = useLatestLoad(load);
  const attendedAt = useRef(-Infinity);

  const reloadIfDue = useRef(() => undefined as void);
  useLayoutEffect(() => {
    reloadIfDue.current = () => {
      const now = performance.now();
      const attended = data === null || now - attendedAt.current <= attendedMs(data);
      if (attended && now - loadedAt.current >= periodMs && isVisible()) void reload();
    };
  });
  const reloadWhenVisible = useCallback(() => {
    // Due from now on: a hidden page loads it as soon as it is shown.
    loadedAt.current = -Infinity;
    if (isVisible()) void reload();
  }, [loadedAt, reload]);

  const attend = useCallback(() => {
    attendedAt.current = performance.now();
    reloadIfDue.current();
  }, []);
  useClientEvent('activity', attend);
  useEffect(() => {
    attendedAt.current = performance.now();
    void reload();
    const timer = setInterval(() => reloadIfDue.current(), periodMs / 4);
    document.addEventListener('visibilitychange', attend);
    window.addEventListener('online', reloadWhenVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', attend);
      window.removeEventListener('online', reloadWhenVisible);
    };
  }, [reload, reloadWhenVisible, attend, periodMs]);

  return { data, error, reload, reloadWhenVisible, change };
}

/** What the latest load brought; an older answer that comes later is dropped. */
function useLatestLoad<T>(load: (signal: AbortSignal) => Promise<T>) {
  const [state, setState] = useState<{ data: T | null; error: unknown }>({ data: null, error: undefined });
  const running = useRef<AbortController | null>(null);
  const loadedAt = useRef(-Infinity);

  const reload = useCallback(async () => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    loadedAt.current = performance.now();
    try {
      const data = await load(own.signal);
      if (running.current === own) setState({ data, error: undefined });
    } catch (error) {
      if (running.current === own) setState((before) => ({ ...before, error }));
    } finally {
      if (running.current === own) running.current = null;
    }
  }, [load]);

  const change = useCallback(
    (update: (data: T) => T) => {
      setState((before) => (before.data === null ? before : { ...before, data: update(before.data) }));
      if (running.current) void reload();
    },
    [reload],
  );

  useEffect(() => {
    return () => {
      running.current?.abort();
      running.current = null;
    };
  }, []);
  return { ...state, reload, change, loadedAt };
}

function isVisible(): boolean {
  return document.visibilityState === 'visible';
}
