import type { Environment } from './environment.js';

export interface Stopwatch {
  /** Milliseconds that have gone by. */
  elapsed(): number;
  /** As `elapsed`, but without the time that the computer may have slept. */
  awake(): number;
}

/**
 * Time since `then`, a moment by this device's clock. That clock may be hours wrong and may be put right at any time, and
 * the monotonic one may stand still while the computer sleeps: of the two, the one that moved further is believed.
 */
export function startStopwatch({ monotonic, wall }: Environment, then: number): Stopwatch {
  const monotonicThen = monotonic() - Math.max(0, wall() - then);
  const awake = () => monotonic() - monotonicThen;
  return { awake, elapsed: () => Math.max(awake(), wall() - then) };
}

/**
 * When an access token was issued, milliseconds since 1970 by the clock that also sets the session's ends; null when it
 * cannot be read. Clients are not to depend on what is in an access token (RFC 9068 §6): this is a hint about time, which
 * a `Date` header would be too, if pages of other origins could read it.
 */
export function issuedAt(accessToken: string): number | null {
  try {
    const payload = accessToken.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return (JSON.parse(atob(payload)) as { iat: number }).iat * 1000 || null;
  } catch {
    return null;
  }
}
