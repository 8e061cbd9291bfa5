import type { FastifyRequest } from 'fastify';

import { isServedHere } from './same-site.js';

/** More front ends than anyone sets up within the hour, and few enough that who invents origins fills neither memory nor log. */
const TOLD_AT_MOST = 20;

/** An hour, in milliseconds. After it each origin is told again: whoever looks at the log of today finds it. */
const FORGOTTEN_AFTER = 3_600_000;

/**
 * As browsers write an origin (`scheme://host:port`, at most 253 characters of host). Nothing else is a front end's, and
 * nothing else gets into the log.
 */
const WRITTEN_BY_A_BROWSER = /^[a-z][a-z0-9+.-]{0,30}:\/\/[a-z0-9.:_[\]-]{1,260}$/;

/**
 * Tells the operator whose pages were kept from reading an answer. Their browser tells its user nothing but "failed", and
 * the service's own answer to a preflight is a 204 like any other.
 */
export class RefusedOrigins {
  private readonly told = new Set<string>();
  private since = -Infinity;

  /** `disabledAt`: the ids of the disabled applications that list an origin. */
  constructor(
    private readonly publicUrl: string,
    private readonly disabledAt: (origin: string) => string[] = () => [],
  ) {}

  /** One line for each origin in an hour. `now`: milliseconds that only ever grow. */
  tell({ log, headers }: Pick<FastifyRequest, 'log' | 'headers'>, origin: string, now = performance.now()): void {
    if (origin !== 'null' && !WRITTEN_BY_A_BROWSER.test(origin)) return;
    if (now - this.since >= FORGOTTEN_AFTER) {
      this.told.clear();
      this.since = now;
    }
    if (this.told.size >= TOLD_AT_MOST || this.told.has(origin)) return;
    this.told.add(origin);
    log.warn({ origin }, this.explain(origin, isServedHere(headers)));
    if (this.told.size === TOLD_AT_MOST)
      log.warn(`${TOLD_AT_MOST} origins were refused within an hour. More of them are not logged until it is over.`);
  }

  private explain(origin: string, servedHere: boolean): string {
    if (origin === 'null')
      return 'A page without an origin was refused: one opened as a file, or in a sandboxed frame. Serve it at an address, and list that in CORS_ORIGINS.';
    const [disabled] = this.disabledAt(origin);
    if (disabled !== undefined)
      return `Pages at ${origin} were refused: the application "${disabled}", which lists this origin, is disabled.`;
    const remedy = `If they are yours, add ${origin} to CORS_ORIGINS, or to the origins of the application they sign in to.`;
    if (!servedHere) return `Pages at ${origin} were refused: this origin is not listed. ${remedy}`;
    return `Pages at ${origin} were refused: PUBLIC_URL says that this service is at ${this.publicUrl}. Open its pages there, or correct PUBLIC_URL. ${remedy}`;
  }
}
