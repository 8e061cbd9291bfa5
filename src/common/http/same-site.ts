import type { IncomingHttpHeaders } from 'node:http';

import { AppError } from '../errors/app-error.js';

/**
 * Refuses a request that acts by cookie unless it comes from a page of the application. SameSite=Lax does not do it
 * alone: it lets sibling subdomains through, and browsers differ on top-level POST navigations.
 *
 * `Origin` must be in the list; without `Origin`, `Sec-Fetch-Site` (which scripts cannot set) must be `same-origin`.
 * `Origin: null`, which sandboxed frames and redirects across origins send, is in no list.
 *
 * @throws AppError `cross_site_refused`
 */
export function assertSameSite(request: { headers: IncomingHttpHeaders }, allowedOrigins: readonly string[]): void {
  if (!isSameSite(request.headers, allowedOrigins)) throw new AppError('cross_site_refused');
}

function isSameSite(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin } = headers;
  if (origin !== undefined) return origin !== 'null' && allowedOrigins.includes(origin);
  return headers['sec-fetch-site'] === 'same-origin';
}
