import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { parseDuration } from './duration.js';
import type { Principal } from './principal.js';

/** The keys under which a route says who may come in. The access guard reads them; nothing else does. */
export const PUBLIC = 'portcullis:public';
export const ROLES = 'portcullis:roles';
export const RECENT_AUTH = 'portcullis:recent-auth';
export const PASSIVE = 'portcullis:passive';
export const ANY_APPLICATION = 'portcullis:any-application';
export const STALENESS = 'portcullis:staleness';

/** Anyone may call it. Every route without it needs an access token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Only who has at least one of these roles; others get `forbidden`. */
export const Roles = (...roles: string[]) => SetMetadata(ROLES, roles);

/** Seconds, or what the operator has set as RECENT_AUTH_MAX_AGE. */
export type RecentAuthMaxAge = number | 'configured';

/**
 * Only who proved who they are within `maxAge` (`'15m'`, `'1h'`; RECENT_AUTH_MAX_AGE when left out); others get
 * `reauthentication_required` (RFC 9470), and come back after `POST /v1/auth/reauthenticate`.
 */
export const RequireRecentAuth = (maxAge?: string) =>
  SetMetadata<string, RecentAuthMaxAge>(RECENT_AUTH, maxAge === undefined ? 'configured' : parseDuration(maxAge));

/**
 * With the access token of any application, not only of the built-in one; others get `token_invalid`. For routes about
 * the session that bears the token: whoever runs an application sees its tokens, and must not act on the person's
 * account with them.
 */
export const AnyApplication = () => SetMetadata(ANY_APPLICATION, true);

/** A call of it is no use of the session: it does not put off the idle end. */
export const Passive = () => SetMetadata(PASSIVE, true);

/** Of a route that waits for a look at the database: no age of the deny-list is young enough. */
export const ALWAYS_CHECKED = -1;

/**
 * Seconds: an entry of the deny-list outlives the tokens it refuses by five minutes (decision 4). A step of the wall
 * clock that is shorter than the allowed age goes unnoticed while nothing is read, and could give a token time back, by
 * as much.
 */
const STALEST = 300;

/**
 * For critical routes: each call waits for a look at the log of revocations that began after it came, so that what any
 * instance has revoked by then is refused. 503 `revocation_unavailable` when there is no look to be had.
 */
export const CheckDatabase = () => staleness(ALWAYS_CHECKED);

/**
 * For harmless reads: served from a deny-list confirmed within `age` (`'60s'`, five minutes at most), so that they
 * outlast a database that is away for a while; then 503 as others. What is known to be revoked is refused all the same.
 */
export const AllowStale = (age: string) => {
  const seconds = parseDuration(age);
  if (seconds > STALEST) throw new RangeError(`@AllowStale('${age}'): at most ${STALEST / 60} minutes.`);
  return staleness(seconds);
};

function staleness(seconds: number): MethodDecorator & ClassDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const where = (descriptor?.value as object | undefined) ?? target;
    if (Reflect.hasOwnMetadata(STALENESS, where)) {
      throw new Error('A route says once how old the deny-list may be: @CheckDatabase() or @AllowStale().');
    }
    Reflect.defineMetadata(STALENESS, seconds, where);
  };
}

/** The `Principal` of the running request, or of the WebSocket that sent the message. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  // Of a message, the first argument is its socket, which has the principal in the same place.
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!principal) throw new Error('@CurrentPrincipal() on a public route: nobody is known there.');
  return principal;
});
