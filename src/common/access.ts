import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { parseDuration } from './duration.js';
import type { Principal } from './principal.js';

/** The keys under which a route says who may come in. The access guard reads them; nothing else does. */
export const PUBLIC = 'portcullis:public';
export const ROLES = 'portcullis:roles';
export const RECENT_AUTH = 'portcullis:recent-auth';
export const PASSIVE = 'portcullis:passive';

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

/** A call of it is no use of the session: it does not put off the idle end. */
export const Passive = () => SetMetadata(PASSIVE, true);

/** The `Principal` of the running request. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!principal) throw new Error('@CurrentPrincipal() on a public route: nobody is known there.');
  return principal;
});
