import type { Device } from '@portcullis/client/react';
import { useEffect, useRef, useState } from 'react';
import { useToast } from '../ui/toast.js';
import { plural } from '../words/times.js';

const NONE: ReadonlySet<string> = new Set();

/**
 * Tells of devices that appear or disappear while the page is open, whoever did it. Returns the ids of those that
 * appeared, to be marked.
 */
export function useComingsAndGoings(devices: Device[] | null): ReadonlySet<string> {
  const toast = useToast();
  const before = useRef<Device[] | null>(null);
  const [arrived, setArrived] = useState(NONE);

  useEffect(() => {
    const known = before.current;
    before.current = devices;
    if (!known || !devices) return;
    const came = without(devices, known);
    const went = without(known, devices);
    if (came.length > 0) setArrived((ids) => new Set([...ids, ...came.map((device) => device.id)]));
    const sentences = [tell(came, 'signed in'), tell(went, 'signed out')].filter((sentence) => sentence !== null);
    if (sentences.length > 0) toast(sentences.join(' '));
  }, [devices, toast]);

  return arrived;
}

function tell(devices: Device[], what: string): string | null {
  if (devices.length === 0) return null;
  if (devices.length > 1) return `${plural(devices.length, 'device')} have been ${what}.`;
  return what === 'signed in' ? `“${devices[0]!.name}” has just ${what}.` : `“${devices[0]!.name}” has been ${what}.`;
}

function without(devices: Device[], others: Device[]): Device[] {
  const ids = new Set(others.map((device) => device.id));
  return devices.filter((device) => !ids.has(device.id));
}
