import type { FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify';
import findMyWay from 'find-my-way';

import { AppError } from '../errors/app-error.js';

/**
 * Knows which methods a path has, so that a path without a handler for this method is told apart from no path at all
 * (RFC 9110, section 15.5.6: a 405 lists what is allowed). Filled from Fastify's own routes and matched by the same
 * router library with the same options, so that it never says otherwise than Fastify routes.
 */
export class RouteMethods {
  private readonly router = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    ignoreDuplicateSlashes: false,
  });
  private readonly methods = new Set<findMyWay.HTTPMethod>();

  /** Call before the first route is registered. */
  observe(instance: FastifyInstance): void {
    instance.addHook('onRoute', (route) => {
      for (const method of [route.method].flat()) this.add(method, route.url);
    });
  }

  /** The methods a path answers, sorted; none for an unknown path. */
  allowed(path: string): string[] {
    return [...this.methods].filter((method) => this.router.find(method, path) !== null).toSorted();
  }

  /** The error for a request that no route has taken, when its path exists for other methods; otherwise null. */
  methodNotAllowed(request: FastifyRequest): AppError | null {
    if (!request.is404 || !request.raw.url?.startsWith('/')) return null;
    const allowed = this.allowed(request.raw.url);
    // A route may have declined the request itself (an empty parameter): then it is the path that is wrong.
    if (allowed.length === 0 || allowed.includes(request.method)) return null;
    return new AppError('method_not_allowed', { headers: { allow: allowed.join(', ') } });
  }

  private add(method: HTTPMethods, url: string): void {
    const known = method as findMyWay.HTTPMethod;
    this.methods.add(known);
    this.router.on(known, url, () => undefined);
  }
}
