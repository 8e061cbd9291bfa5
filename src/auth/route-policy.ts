import type { ExecutionContext } from '@nestjs/common';
import {
  ALWAYS_CHECKED,
  ANY_APPLICATION,
  PASSIVE,
  PUBLIC,
  RECENT_AUTH,
  ROLES,
  STALENESS,
  type RecentAuthMaxAge,
} from '../common/access.js';

/**
 * Of a route that a proxy asks about a request that it holds back: by the cookie of `application` in the query, with the
 * method in `X-Original-Method`, which says whether a CSRF token is needed.
 */
export const FOR_PROXY = 'portcullis:for-proxy';

/** Who may call a route, as its decorators say. */
export interface RoutePolicy {
  public: boolean;
  /** One of these is needed; null: none. */
  roles: readonly string[] | null;
  /** How long ago the person may have proved who they are; null: however long. */
  recentAuth: RecentAuthMaxAge | null;
  /** Whether tokens of any application will do, not only of the built-in one. */
  anyApplication: boolean;
  /** Whether what is asked about is another request, which a proxy holds back. */
  forProxy: boolean;
  /** Whether a call counts as use of the session. */
  countsAsUse: boolean;
  /** Seconds for which the deny-list may be unconfirmed at most, ALWAYS_CHECKED: none; null: as configured. */
  staleness: number | null;
}

const known = new WeakMap<object, Map<object, RoutePolicy>>();

/** The policy of the route about to run. Read from the decorators once, as it is asked at every request. */
export function policyOf(context: ExecutionContext): RoutePolicy {
  const controller = context.getClass();
  const handler = context.getHandler();
  let handlers = known.get(controller);
  if (!handlers) known.set(controller, (handlers = new Map()));
  let policy = handlers.get(handler);
  if (!policy) handlers.set(handler, (policy = readPolicy(controller, handler)));
  return policy;
}

/** The policy of any route, for the guard and for whoever describes it. */
export function readPolicy(controller: object, handler: object): RoutePolicy {
  // What a method says goes before what its class says.
  const read = <T>(key: string): T | undefined =>
    (Reflect.getMetadata(key, handler) as T | undefined) ?? (Reflect.getMetadata(key, controller) as T | undefined);
  return {
    public: isPublic(handler) ?? isPublic(controller) ?? false,
    roles: read<string[]>(ROLES) ?? null,
    recentAuth: read<RecentAuthMaxAge>(RECENT_AUTH) ?? null,
    anyApplication: read<boolean>(ANY_APPLICATION) ?? false,
    forProxy: read<boolean>(FOR_PROXY) ?? false,
    countsAsUse: !read<boolean>(PASSIVE),
    staleness: read<number>(STALENESS) ?? null,
  };
}

/** Null when it says nothing. Who asks something of the caller lets nobody in who is not known, `@Public()` or not. */
function isPublic(target: object): boolean | null {
  if (Reflect.hasMetadata(ROLES, target) || Reflect.hasMetadata(RECENT_AUTH, target)) return false;
  if (Reflect.getMetadata(STALENESS, target) === ALWAYS_CHECKED) return false;
  return Reflect.hasMetadata(PUBLIC, target) ? true : null;
}
