import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from './client-context.js';

/** One thing that happened to the account, as `GET /v1/users/me/activity` tells it. */
export interface Activity {
  id: string;
  type: string;
  byYou: boolean;
  /** Services older than it do not tell. */
  by?: 'you' | 'administrator' | 'service';
  sessionId: string | null;
  ip: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  createdAt: string;
}

interface ActivityPage {
  items: Activity[];
  nextCursor?: string;
}

export interface ActivityList {
  /** Newest first; null until the first page has been loaded. */
  items: Activity[] | null;
  loading: boolean;
  /** Why the last load failed; what was loaded before is kept. */
  error: unknown;
  hasMore: boolean;
  /** The next page, or the one that failed again. Never rejects. */
  loadMore(): Promise<void>;
}

/** What happened to the account, a page at a time. */
export function useActivity(pageSize = 25): ActivityList {
  const client = useClient();
  const [items, setItems] = useState<Activity[] | null>(null);
  const [cursor, setCursor] = useState<string | undefined>();
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<unknown>();
  const busy = useRef(false);

  const load = useCallback(
    async (after: string | undefined) => {
      if (busy.current) return;
      busy.current = true;
      setLoading(true);
      try {
        const query = after === undefined ? '' : `&cursor=${encodeURIComponent(after)}`;
        const page = await client.request<ActivityPage>(`/v1/users/me/activity?limit=${pageSize}${query}`);
        setItems((before) => (after === undefined ? page.items : [...(before ?? []), ...page.items]));
        setCursor(page.nextCursor);
        setError(undefined);
      } catch (failure) {
        setError(failure);
      } finally {
        busy.current = false;
        setLoading(false);
      }
    },
    [client, pageSize],
  );

  useEffect(() => void load(undefined), [load]);
  const loadMore = useCallback(() => load(cursor), [load, cursor]);
  return { items, loading, error, hasMore: cursor !== undefined, loadMore };
}
