import type { LogPosition } from '../revocation/log-follower.js';

/** `<epoch>:<seq>`; seq as far as a double counts. */
export const CURSOR_PATTERN = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(0|[1-9][0-9]{0,14})$/;

/** A place in the log as followers name it. */
export function formatCursor({ epoch, seq }: LogPosition): string {
  return `${epoch}:${seq}`;
}

/** Null for what is no cursor. */
export function readCursor(text: string): LogPosition | null {
  const [, epoch, seq] = CURSOR_PATTERN.exec(text) ?? [];
  return epoch === undefined ? null : { epoch, seq: Number(seq) };
}
