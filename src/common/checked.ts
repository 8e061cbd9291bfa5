import { z } from 'zod';
import { AppError } from './errors/app-error.js';
import { expectation, fieldErrors } from './http/schema-issues.js';

/**
 * A value that did not come through a route's own validation, as its schema makes it. Throws `validation_failed` with a
 * sentence and pointers below `pointer`.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, pointer: string): T {
  const result = z.safeParse(schema, value, { error: expectation });
  if (result.success) return result.data;
  const errors = fieldErrors(result.error.issues).map((error) => ({ ...error, pointer: pointer + error.pointer }));
  throw new AppError('validation_failed', { detail: errors[0]?.detail ?? 'The value is not valid.', errors });
}
