import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { FORM_TYPE } from './form-body.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    oauth?: boolean;
  }
}

/**
 * A route that speaks to standard OAuth clients: it reads a form and nothing else, and its errors are those of RFC 6749,
 * section 5.2. Nothing of it may depend on a cookie: a page of another site can send a form without asking.
 */
export const OAuthEndpoint = () => applyDecorators(RouteConfig({ oauth: true }), ApiConsumes(FORM_TYPE));

export function isOAuthEndpoint(request: FastifyRequest): boolean {
  return request.routeOptions?.config?.oauth === true;
}
