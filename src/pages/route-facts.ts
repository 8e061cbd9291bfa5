import { HTTP_CODE_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';

import { readPolicy } from '../auth/route-policy.js';
import { API_ROUTE } from '../common/http/api-route.js';
import type { ApiRouteOptions } from '../common/http/api-route.js';

/** What the decorators of a handler say about its route. */
export interface RouteFacts {
  status: number;
  public: boolean;
  roles: string[];
  /** Whether tokens of any application will do. */
  anyApplication: boolean;
  /** Seconds; undefined when an older sign-in will do. */
  recentAuth?: number;
  route?: ApiRouteOptions;
}

/**
 * The facts of every handler by `<controller>.<method>`, which is its operation id too. `recentAuthMaxAge`: seconds,
 * where a route leaves it to the configuration.
 */
export function collectRouteFacts(discovery: DiscoveryService, recentAuthMaxAge: number): Map<string, RouteFacts> {
  const facts = new Map<string, RouteFacts>();
  for (const { metatype } of discovery.getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype = metatype.prototype as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const handler = prototype[name];
      if (typeof handler !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, handler)) continue;
      facts.set(operationId(metatype.name, name), factsOf(handler, metatype, recentAuthMaxAge));
    }
  }
  return facts;
}

/** `UsersController.rename` becomes `Users.rename`. */
export function operationId(controller: string, method: string): string {
  return `${controller.replace(/Controller$/, '')}.${method}`;
}

function factsOf(handler: object, controller: object, recentAuthMaxAge: number): RouteFacts {
  // As Nest's Reflector.getAllAndOverride: what a method says goes before what its class says.
  const get = <T>(key: string): T | undefined =>
    (Reflect.getMetadata(key, handler) as T | undefined) ?? (Reflect.getMetadata(key, controller) as T | undefined);
  const isPost = Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST;
  const policy = readPolicy(controller, handler);
  const route = get<ApiRouteOptions>(API_ROUTE);
  return {
    status: get<number>(HTTP_CODE_METADATA) ?? (isPost ? 201 : 200),
    public: policy.public,
    roles: [...(policy.roles ?? [])],
    anyApplication: policy.anyApplication,
    ...(policy.recentAuth !== null && {
      recentAuth: policy.recentAuth === 'configured' ? recentAuthMaxAge : policy.recentAuth,
    }),
    ...(route && { route }),
  };
}
