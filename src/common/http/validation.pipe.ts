import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { core, z } from 'zod';

import { AppError } from '../errors/app-error.js';
import type { FieldError } from '../errors/app-error.js';
import { inputFault } from './input-text.js';
import { expectation, fieldErrors } from './schema-issues.js';

/**
 * Checks what a route declares by `@Body({ schema })`, `@Query({ schema })` or `@Param('id', { schema })` with a schema
 * of zod, and passes on the parsed value. Schemas are synchronous and strict (`z.strictObject`).
 *
 * A parameter of the path that does not fit is 404 `not_found`: an identifier that cannot exist names nothing. The rest
 * is 400 `validation_failed` with what is expected, field by field.
 */
export class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema, type } = metadata;
    if (type === 'custom') return value;
    // Bodies were looked at when they were parsed.
    const fault = type === 'body' ? null : inputFault(value);
    if (fault) throw refusal(type, [fault]);
    if (!schema) return value;
    if (!(schema instanceof core.$ZodType)) return super.transform(value, metadata);

    const result = z.safeParse(schema, value, { error: expectation });
    if (!result.success) throw refusal(type, fieldErrors(result.error.issues));
    return result.data as T;
  }
}

function refusal(type: ArgumentMetadata['type'], errors: FieldError[]): AppError {
  if (type === 'param') return new AppError('not_found');
  const inQuery = type === 'query' ? errors.map((error) => ({ ...error, in: 'query' as const })) : errors;
  return new AppError('validation_failed', { errors: inQuery });
}
