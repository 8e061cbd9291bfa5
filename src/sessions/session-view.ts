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
  };
}

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f-]{36})$/;

/** The place in a list after `row`, opaque to clients. */
export function encodeCursor(row: SessionRow): string {
  return Buffer.from(`${row.last_active_at.toISOString()}_${row.id}`).toString('base64url');
}

/** Throws `validation_failed` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): { lastActiveAt: string; id: string } {
  const [, lastActiveAt, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (lastActiveAt && id && !Number.isNaN(Date.parse(lastActiveAt))) return { lastActiveAt, id };
  throw new AppError('validation_failed', {
    errors: [{ pointer: '/cursor', detail: 'Write the nextCursor of the page before.', in: 'query' }],
  });
}
