import type { IncomingHttpHeaders } from 'node:http';

import { AppError } from '../errors/app-error.js';
import type { AppErrorOptions } from '../errors/app-error.js';

/**
 * Refuses a request that acts by cookie unless it comes from a page of the application. SameSite=Lax does not do it
 * alone: it lets sibling subdomains through, and browsers differ on top-level POST navigations.
 *
 * `Origin` must be in the list; without `Origin`, `Sec-Fetch-Site` (which scripts cannot set) must be `same-origin`.
 * `Origin: null`, which sandboxed frames and redirects across origins send, is in no list.
 *
 * A page that was opened from the service, only at another address than `publicUrl`, is told where the service is.
 *
 * @throws AppError `cross_site_refused`
 */
export function assertSameSite(
  { headers }: { headers: IncomingHttpHeaders },
  allowedOrigins: readonly string[],
  publicUrl: string,
): void {
  if (isSameSite(headers, allowedOrigins)) return;
  throw new AppError('cross_site_refused', isServedHere(headers) ? whereTheServiceIs(publicUrl) : {});
}

function isSameSite(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin } = headers;
  if (origin !== undefined) return origin !== 'null' && allowedOrigins.includes(origin);
  return headers['sec-fetch-site'] === 'same-origin';
}

/**
 * Whether the page that asks came from where it asks: from this service, or through a proxy that passes on to it. Browsers
 * say so over https and on localhost; elsewhere it is seen by the host. It allows nothing.
 */
export function isServedHere(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origin === 'null') return false;
  return headers['sec-fetch-site'] === 'same-origin' || origin === `http://${host}` || origin === `https://${host}`;
}

/** Public, as the address of the service is: it is in every token. */
function whereTheServiceIs(publicUrl: string): AppErrorOptions {
  return {
    detail: `This service is at ${publicUrl}. Open its pages there. A front end of your own needs its origin in CORS_ORIGINS, or in its application.`,
    extensions: { serviceUrl: publicUrl },
  };
}
