import { SetMetadata } from '@nestjs/common';
import type { core } from 'zod';

import type { ErrorCode } from '../errors/error-catalogue.js';

export const API_ROUTE = 'portcullis:api-route';

export interface ApiRouteOptions {
  /** What it does, in one sentence. */
  summary: string;
  /** What else a caller must know. */
  description?: string;
  /** The schema of a successful answer; none for 204. */
  answers?: core.$ZodType;
  /** Whether the answer is a stream of server-sent events, or of JSON lines, of which `answers` describes one. */
  streams?: boolean | 'json-lines';
  /** Errors of this route alone. Those that guards and validation give are added by themselves. */
  problems?: readonly ErrorCode[];
  /** What the request carries to prove itself, when it is not an access token. */
  authentication?: 'refresh_token' | 'application' | 'client';
}

/**
 * Describes a route for the API reference (/openapi.json and /docs). The body, query and path parameters come from the
 * schemas in `@Body`, `@Query` and `@Param`, the status from `@HttpCode`, the authentication from `@Public`, `@Roles` and
 * `@RequireRecentAuth`.
 */
export const ApiRoute = (options: ApiRouteOptions) => SetMetadata(API_ROUTE, options);
