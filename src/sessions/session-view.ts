import { BUILT_IN_APPLICATION } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import { describeDevice, type Device } from './device.js';
import type { SessionRow } from './sessions.repository.js';

/** A device as its owner sees it. Times are ISO 8601, UTC. */
export interface SessionView {
  id: string;
  name: string;
  device: Device;
  ip: string | null;
  createdAt: string;
  lastActiveAt: string;
  expiresAt: string;
  idleExpiresAt: string;
  current: boolean;
  /** What it is signed in to, unless that is the built-in application. */
  application?: { id: string; name: string };
}

/** `lastActive`: also what is not written to the row yet; the idle end moves with it. */
export function toSessionView(row: SessionRow, current: string, lastActive: Date): SessionView {
  const later = lastActive.getTime() - row.last_active_at.getTime();
  const idleEnd = Math.min(row.idle_expires_at.getTime() + later, row.expires_at.getTime());
  return {
    id: row.id,
    name: row.name ?? describeDevice(row.device),
    device: row.device,
    ip: row.ip,
    createdAt: row.created_at.toISOString(),
    lastActiveAt: lastActive.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    idleExpiresAt: new Date(idleEnd).toISOString(),
    current: row.id === current,
    ...(row.application_id !== BUILT_IN_APPLICATION && {
      application: { id: row.application_id, name: row.application_name },
    }),
  };
}

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A place in the list of devices. */
export type ListPlace = Pick<SessionView, 'lastActiveAt' | 'id'>;

/** Orders the one used last first; those used in the same millisecond by their ids. */
export function byUse(a: ListPlace, b: ListPlace): number {
  const [one, other] = [placeOf(a), placeOf(b)];
  if (one === other) return 0;
  return one < other ? 1 : -1;
}

function placeOf({ lastActiveAt, id }: ListPlace): string {
  return `${lastActiveAt}_${id}`;
}

/** The place in the list after `view`, opaque to clients. */
export function encodeCursor(view: ListPlace): string {
  return Buffer.from(placeOf(view)).toString('base64url');
}

/** Throws `validation_failed` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): ListPlace {
  const [, lastActiveAt, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (lastActiveAt && id && isMoment(lastActiveAt)) return { lastActiveAt, id };
  throw new AppError('validation_failed', {
    errors: [{ pointer: '/cursor', detail: 'Write the nextCursor of the page before.', in: 'query' }],
  });
}

/** Whether a session can have been used then: no 30 February, which JavaScript takes for 1 March, and no year 0. */
function isMoment(text: string): boolean {
  const moment = new Date(text);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === text && moment.getUTCFullYear() > 0;
}
