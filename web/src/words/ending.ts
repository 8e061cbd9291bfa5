import { clock, date, until, type TimeStyle } from './times.js';

/** Both ends at the same time, as far as anyone cares. */
const SAME_MS = 60_000;

/**
 * When a device is signed out by itself: at its idle end, unless it is used, and at its absolute end in any case.
 * "Ends on 6 December if unused, on 20 February at the latest".
 */
export function ending(idleEnd: number, absoluteEnd: number, now: number, style: TimeStyle): string {
  if (absoluteEnd - idleEnd < SAME_MS) return `Ends ${until(absoluteEnd, now, style)}`;
  return `Ends ${until(idleEnd, now, style)} if unused, ${until(absoluteEnd, now, style)} at the latest`;
}

/** When a device was signed in: "Signed in on 6 December at 18:04". */
export function beginning(moment: number, now: number, style: TimeStyle): string {
  return `Signed in on ${date(moment, now, style)} at ${clock(moment, style)}`;
}
