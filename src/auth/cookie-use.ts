import type { FastifyRequest } from 'fastify';
import { BUILT_IN_APPLICATION } from '../applications/applications.service.js';
import type { RoutePolicy } from './route-policy.js';

/** By which application's cookie somebody may come in, and with which method. */
export interface CookieUse {
  applicationId: string;
  method: string;
}

/**
 * Of a request to a route of this server: the built-in application's, whose routes they are; where a route takes any
 * application's, that of `application` in the query, if there is one. Of a request that a proxy holds back: what the
 * proxy says. A method that it does not name may be one that changes something.
 */
export function cookieUseOf(
  request: FastifyRequest,
  policy: Pick<RoutePolicy, 'forProxy' | 'anyApplication'>,
): CookieUse {
  if (!policy.anyApplication) return ownUse(request);
  const { application } = request.query as { application?: unknown };
  if (policy.forProxy) return { applicationId: text(application), method: text(request.headers['x-original-method']) };
  return application === undefined ? ownUse(request) : { applicationId: text(application), method: request.method };
}

export function ownUse({ method }: FastifyRequest): CookieUse {
  return { applicationId: BUILT_IN_APPLICATION, method };
}

/** Empty for what was left out or sent twice. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
