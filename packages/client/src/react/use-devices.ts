import { useCallback } from 'react';
import { useClient, useClientEvent } from './client-context.js';
import { useReload } from './use-reload.js';

/** A device as `GET /v1/sessions` tells it. Times are ISO 8601. */
export interface Device {
  id: string;
  name: string;
  device: { browser: string | null; os: string | null; kind: 'desktop' | 'mobile' | 'tablet' | 'other' };
  ip: string | null;
  createdAt: string;
  lastActiveAt: string;
  expiresAt: string;
  idleExpiresAt: string;
  current: boolean;
  /** What it is signed in to; left out for the application of the account pages. */
  application?: { id: string; name: string };
}

interface DevicePage {
  items: Device[];
  nextCursor?: string;
}

/** Sign-ins on another instance of the service send no event. */
const RELOAD_MS = 30_000;

/** How long it goes on after somebody did something: two minutes, or a tenth of the idle time where that is less. */
const ATTENDED_MS = 2 * 60_000;
const ATTENDED_PART = 0.1;

export interface Devices {
  /** Null until they have been loaded for the first time; the one used last first. */
  devices: Device[] | null;
  /** Why the last load failed; the devices of the load before are kept. */
  error: unknown;
  reload(): Promise<void>;
  /** All three reject with a `PortcullisError` or a `NetworkError`. */
  rename(id: string, name: string): Promise<void>;
  /** Ends one device: its tokens are refused when this resolves. May need a recent sign-in: `useReauthentication`. */
  end(id: string): Promise<void>;
  /** Ends all devices but this one. May need a recent sign-in. */
  endOthers(): Promise<void>;
}

/**
 * The person's devices, kept fresh: loaded again when the service tells of a change, every 30 s while the page is visible
 * and somebody is there, and when the network comes back.
 */
export function useDevices(): Devices {
  const client = useClient();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const devices: Device[] = [];
      let query = '?limit=100';
      for (;;) {
        const page = await client.request<DevicePage>(`/v1/sessions${query}`, { signal });
        devices.push(...page.items);
        if (page.nextCursor === undefined) return devices;
        query = `?limit=100&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
    },
    [client],
  );
  const { data, error, reload, reloadWhenVisible, change } = useReload(load, { periodMs: RELOAD_MS, attendedMs });
  useClientEvent('devicesChanged', reloadWhenVisible);

  const rename = useCallback(
    async (id: string, name: string) => {
      const renamed = await client.request<Device>(`/v1/sessions/${id}`, { method: 'PATCH', body: { name } });
      change((devices) => devices.map((device) => (device.id === id ? renamed : device)));
    },
    [client, change],
  );
  const end = useCallback(
    async (id: string) => {
      await client.request(`/v1/sessions/${id}`, { method: 'DELETE' });
      change((devices) => devices.filter((device) => device.id !== id));
    },
    [client, change],
  );
  const endOthers = useCallback(async () => {
    await client.request('/v1/sessions?except=current', { method: 'DELETE' });
    change((devices) => devices.filter((device) => device.current));
  }, [client, change]);

  return { devices: data, error, reload, rename, end, endOthers };
}

function attendedMs(devices: Device[]): number {
  const here = devices.find((device) => device.current);
  if (!here) return ATTENDED_MS;
  return Math.min(ATTENDED_MS, ATTENDED_PART * (Date.parse(here.idleExpiresAt) - Date.parse(here.lastActiveAt)));
}
