import type { RevocationEntry } from '@portcullis/verifier';
import type { LogPosition } from '../revocation/log-follower.js';
import { formatCursor } from './feed-cursor.js';

/** Items in one event: 60 kB, which any reader can hold. */
const FRAME_ITEMS = 500;

/** An entry as followers are told of it: what says nothing is left out. `exp` as in a token, rounded up. */
export function toItem({ seq, kind, subject, minVersion, suspended, expiresAt }: RevocationEntry): object {
  return {
    seq,
    kind,
    subject,
    ...(minVersion > 0 && { minVersion }),
    ...(suspended && { suspended }),
    ...(Number.isFinite(expiresAt) && { exp: Math.ceil(expiresAt) }),
  };
}

/**
 * Events that lead a follower from `after` to `position` over these entries, which are in the order of the log. What
 * lies between and is not among them does not concern it.
 */
export function revocationFrames(entries: RevocationEntry[], after: number, position: LogPosition): Buffer[] {
  const frames: Buffer[] = [];
  for (let first = 0, from = after; first < entries.length; first += FRAME_ITEMS) {
    const part = entries.slice(first, first + FRAME_ITEMS);
    const seq = first + FRAME_ITEMS < entries.length ? part.at(-1)!.seq : position.seq;
    const id = formatCursor({ epoch: position.epoch, seq });
    frames.push(frame('revocations', { after: from, items: part.map(toItem) }, id));
    from = seq;
  }
  return frames;
}

/** Events that move no cursor: entries in no order, of which there may be more. */
export function backlogFrames(entries: RevocationEntry[]): Buffer[] {
  const frames: Buffer[] = [];
  for (let first = 0; first < entries.length; first += FRAME_ITEMS) {
    frames.push(frame('revocations', { items: entries.slice(first, first + FRAME_ITEMS).map(toItem) }));
  }
  return frames;
}

export interface Heartbeat {
  /** The seq of the id before. */
  after: number;
  /** Milliseconds since the stream began. */
  elapsed: number;
  /** Milliseconds since the knowledge of this instance was confirmed. */
  staleness: number;
}

export function heartbeatFrame({ after, elapsed, staleness }: Heartbeat, position: LogPosition): Buffer {
  // Rounded so that the follower thinks its knowledge older than it is, never younger.
  const data = { after, head: position.seq, elapsed: Math.floor(elapsed), staleness: Math.ceil(staleness) };
  return frame('heartbeat', data, formatCursor(position));
}

/** An event of the stream (HTML Standard §9.2.6). */
function frame(event: string, data: object, id?: string): Buffer {
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
