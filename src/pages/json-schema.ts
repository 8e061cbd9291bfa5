import { core, z } from 'zod';

export interface JsonSchema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  enum?: unknown[];
  default?: unknown;
  nullable?: boolean;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  additionalProperties?: boolean | JsonSchema;
}

/** The JSON schema of what a client sends (`input`) or gets (`output`), as OpenAPI 3.0 writes it. */
export function jsonSchema(schema: core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const whole = z.toJSONSchema(schema, { target: 'openapi-3.0', io, unrepresentable: 'any', override: tidy });
  const { $schema: _dialect, id: _id, ...rest } = whole as JsonSchema & { $schema?: string; id?: string };
  return rest;
}

/** Takes out what zod adds for validators and people do not read: its own pattern of a format, the limits of integers. */
function tidy({ jsonSchema: target }: { jsonSchema: Record<string, unknown> }): void {
  if (target['format'] !== undefined) delete target['pattern'];
  if (target['maximum'] === Number.MAX_SAFE_INTEGER) delete target['maximum'];
  if (target['minimum'] === Number.MIN_SAFE_INTEGER) delete target['minimum'];
}
