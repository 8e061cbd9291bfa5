import { z } from 'zod';
import type { Principal } from '../common/principal.js';
import { assertTokenOf } from './own-application.js';

export const AccessCheckQuery = z.strictObject({
  application: z.string().min(1).max(63).describe('Whose requests the proxy lets pass: the id of the application.'),
});

export type AccessCheckQuery = z.output<typeof AccessCheckQuery>;

/** Who is asking, for the application behind the proxy: ids and names of roles, in which no separator occurs. */
export type AccessCheckHeaders = Record<
  'x-portcullis-user' | 'x-portcullis-session' | 'x-portcullis-application' | 'x-portcullis-roles',
  string
>;

/** Throws `token_invalid` for somebody who has signed in to another application. */
export function toHeaders(principal: Principal, { application }: AccessCheckQuery): AccessCheckHeaders {
  assertTokenOf(application, principal);
  const { userId, sessionId, applicationId, roles } = principal;
  return {
    'x-portcullis-user': userId,
    'x-portcullis-session': sessionId,
    'x-portcullis-application': applicationId,
    'x-portcullis-roles': roles.join(','),
  };
}
