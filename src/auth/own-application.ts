import { BUILT_IN_APPLICATION } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import type { RoutePolicy } from './route-policy.js';

/**
 * The routes of this server are those of the built-in application; a token of another one is good where a route says so
 * by `@AnyApplication()`, and nowhere else. Throws `token_invalid`.
 */
export function assertApplication({ applicationId }: Principal, { anyApplication }: RoutePolicy): void {
  if (applicationId === BUILT_IN_APPLICATION || anyApplication) return;
  throw new AppError('token_invalid', { log: `a token of the application ${applicationId}` });
}

/** Throws `token_invalid` for a token of another application than this one. */
export function assertTokenOf(expected: string, { applicationId }: Principal): void {
  if (applicationId === expected) return;
  throw new AppError('token_invalid', { log: `a token of the application ${applicationId}, not ${expected}` });
}
