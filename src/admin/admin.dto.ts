import { z } from 'zod';
import { Reason } from '../audit/act.js';

/**
 * The reason of a DELETE is in the query: what a body of it means is nowhere defined (RFC 9110 §9.3.5), and proxies and
 * clients lose it.
 */
export const ReasonQuery = z.strictObject({ reason: Reason });
export type ReasonQuery = z.infer<typeof ReasonQuery>;

export const limit = z.coerce.number().int().min(1).max(100).default(50).describe('At most this many.');
