import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import type { core } from 'zod';

import { errorCatalogue } from '../common/errors/error-catalogue.js';
import type { ErrorCode } from '../common/errors/error-catalogue.js';
import { OAUTH_ERRORS, oauthErrorOf } from '../common/errors/oauth-error.js';
import { FORM_TYPE } from '../common/http/form-body.js';
import type { ApiRouteOptions } from '../common/http/api-route.js';
import { jsonSchema } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';
import { operationId } from './route-facts.js';
import type { RouteFacts } from './route-facts.js';

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: JsonSchema }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, Answer>;
  'x-authentication'?: NonNullable<ApiRouteOptions['authentication']>;
  'x-required-roles'?: string[];
  'x-any-application'?: true;
  'x-recent-authentication'?: number;
}

export interface Answer {
  description: string;
  content?: Record<string, { schema: JsonSchema }>;
  'x-codes'?: ErrorCode[];
}

/** Every route of the application, with its errors. */
export function describeApi(app: INestApplication, facts: Map<string, RouteFacts>, publicUrl: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Portcullis')
    .setDescription('Sign-in, devices and access tokens that can be taken back.')
    .setVersion('1')
    .addServer(publicUrl)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' }, 'accessToken')
    .addBasicAuth({ type: 'http', scheme: 'basic', description: 'Id and secret of an application.' }, 'application')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: operationId,
    standardSchemaConverter: (schema, { schemaType }) => ({
      schema: jsonSchema(schema as core.$ZodType, schemaType) as never,
    }),
  });
  document.components = {
    ...document.components,
    schemas: {
      ...document.components?.schemas,
      Problem: problemSchema as never,
      OAuthError: oauthErrorSchema as never,
    },
  };
  for (const [operation, path, method] of operations(document)) {
    const known = facts.get(operation.operationId);
    if (known) complete(operation, path, method, known);
  }
  return document;
}

/** The operations of a document, with their method and path. */
export function* operations(document: OpenAPIObject): Generator<[operation: Operation, path: string, method: string]> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (typeof operation === 'object' && operation !== null && 'operationId' in operation) {
        yield [operation as unknown as Operation, path, method];
      }
    }
  }
}

/** Adds to what @nestjs/swagger found (paths, parameters, bodies) what only our decorators know. */
function complete(operation: Operation, path: string, method: string, facts: RouteFacts): void {
  const { route } = facts;
  if (route) operation.summary = route.summary;
  if (route?.description) operation.description = route.description;
  operation.security = facts.public ? [] : [{ accessToken: [] }];
  if (route?.authentication === 'application') operation.security = [{ application: [] }];
  if (route?.authentication === 'client') operation.security = [{ application: [] }, {}];
  if (route?.authentication) operation['x-authentication'] = route.authentication;
  if (facts.roles.length > 0) operation['x-required-roles'] = facts.roles;
  if (facts.recentAuth !== undefined) operation['x-recent-authentication'] = facts.recentAuth;
  operation.responses = {
    ...operation.responses,
    ...(route && { [facts.status]: success(route) }),
    ...problems(codesOf(operation, path, method, facts), readsForm(operation)),
  };
  if (facts.anyApplication) nameApplication(operation);
}

/** By cookie, the application is named in the query, where the schema of a route does not have it anyway. */
function nameApplication(operation: Operation): void {
  operation['x-any-application'] = true;
  const parameters = (operation.parameters ??= []);
  if (parameters.some(({ name }) => name === 'application')) return;
  parameters.push({
    name: 'application',
    in: 'query',
    required: false,
    description: 'In full cookie mode: the application whose cookie is meant; `account` when left out.',
    schema: { type: 'string' },
  });
}

/** Of an endpoint of OAuth, and of nothing else. */
function readsForm(operation: Operation): boolean {
  return operation.requestBody?.content[FORM_TYPE] !== undefined;
}

/** By what a route says of its `streams`. */
const MEDIA_TYPES: Record<string, string> = {
  false: 'application/json',
  true: 'text/event-stream',
  'json-lines': 'application/x-ndjson',
};

function success({ answers, streams }: ApiRouteOptions): Answer {
  if (!answers) return { description: 'Done; no body.' };
  const type = MEDIA_TYPES[String(streams ?? false)]!;
  return { description: 'Done.', content: { [type]: { schema: jsonSchema(answers, 'output') } } };
}

/** The errors a route can give by what it takes and who may call it, and its own. */
function codesOf(operation: Operation, path: string, method: string, facts: RouteFacts): ErrorCode[] {
  const codes = new Set<ErrorCode>(facts.route?.problems);
  const add = (condition: boolean, ...more: ErrorCode[]) => condition && more.forEach((code) => codes.add(code));
  const hasQuery = operation.parameters?.some((parameter) => parameter.in === 'query') ?? false;
  add(operation.requestBody !== undefined || hasQuery, 'validation_failed');
  add(operation.requestBody !== undefined, 'payload_too_large', 'unsupported_media_type');
  add(path.includes('{'), 'not_found');
  add(!facts.public, ...accessTokenCodes);
  const byApplication = ['application', 'client'].includes(facts.route?.authentication ?? '');
  add(byApplication, 'client_credentials_invalid', 'too_many_requests', 'unavailable');
  add(!facts.public && method !== 'get', 'cross_site_refused');
  add(facts.roles.length > 0, 'forbidden');
  add(facts.recentAuth !== undefined, 'reauthentication_required');
  return Object.keys(errorCatalogue).filter((code): code is ErrorCode => codes.has(code as ErrorCode));
}

const accessTokenCodes: ErrorCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_outdated',
  'token_revoked',
  'credentials_ambiguous',
  'session_ended',
  'account_suspended',
  'application_disabled',
  'revocation_unavailable',
];

function problems(codes: ErrorCode[], oauth: boolean): Record<string, Answer> {
  const answers: Record<string, Answer> = {};
  for (const code of codes) {
    const usual = errorCatalogue[code].status;
    const status = oauth ? oauthErrorOf(code, usual).status : usual;
    const answer = (answers[status] ??= {
      description: '',
      content: oauth
        ? { 'application/json': { schema: { $ref: '#/components/schemas/OAuthError' } } }
        : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      'x-codes': [],
    });
    answer['x-codes']?.push(code);
    answer.description += `${answer.description && '\n'}\`${code}\`: ${errorCatalogue[code].title}.`;
  }
  return answers;
}

const text = (description: string): JsonSchema => ({ type: 'string', description });

const problemSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. Some codes add members of their own; see the page of error codes.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: text('The page that explains the code.'),
    title: text('What happened.'),
    status: { type: 'integer' },
    detail: text('What to do.'),
    code: { type: 'string', enum: Object.keys(errorCatalogue), description: 'Stable; for programs.' },
    action: { type: 'string', enum: ['refresh', 'sign_in', 'reauthenticate', 'second_factor', 'retry'] },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: text('JSON pointer (RFC 6901) to the field.'),
          detail: text('What is expected there.'),
          in: { type: 'string', enum: ['query'] },
        },
      },
    },
    requestId: text('Names the request in the log of the service.'),
  },
};

const oauthErrorSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 6749, section 5.2, beside the members of a problem.',
  required: ['error', 'error_description', ...(problemSchema.required ?? [])],
  properties: {
    error: { type: 'string', enum: OAUTH_ERRORS as string[] },
    error_description: text('What to do.'),
    ...problemSchema.properties,
  },
};
