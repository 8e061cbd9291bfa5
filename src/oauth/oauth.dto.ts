import { z } from 'zod';

/** Unknown parameters are ignored (RFC 6749 §3.2), so none of these forms is strict. */
const client = {
  client_id: z.string().optional().describe('The id of the application, unless HTTP Basic says it.'),
  client_secret: z.string().optional().describe('Of a back end that does not use HTTP Basic.'),
};

/** Whatever is sent, however long: what a body can hold is no token, and not told from others that are none. */
const token = z.string();

const hint = z.string().optional().describe('`access_token` or `refresh_token`. Not needed: the two differ in form.');

export const TokenRequest = z
  .object({
    grant_type: z.string().describe('`refresh_token`.'),
    refresh_token: token.optional().describe('Of a session with body delivery.'),
    scope: z.string().optional().describe('Leave it out: there are none.'),
    ...client,
  })
  .prefault({} as never);
export type TokenRequest = z.infer<typeof TokenRequest>;

/** RFC 6749 §5.1. */
export const TokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('Seconds that the access token lives.'),
  refresh_token: z.string(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

export const TokenInQuestion = z.object({ token, token_type_hint: hint, ...client }).prefault({} as never);
export type TokenInQuestion = z.infer<typeof TokenInQuestion>;

/** RFC 7662 §2.2. */
export const Introspection = z.union([
  z.strictObject({ active: z.literal(false) }),
  z.looseObject({
    active: z.literal(true),
    token_type: z.enum(['Bearer', 'refresh_token']),
    client_id: z.string(),
    sub: z.string(),
    iss: z.string(),
    exp: z.number().int().describe('Unix seconds.'),
    sid: z.string().describe('The session.'),
    auth_time: z.number().describe('When the person last proved who they are, in unix seconds.'),
  }),
]);
export type Introspection = z.infer<typeof Introspection>;

/** RFC 8414 §2: what there is, and nothing else. */
export const ServerMetadata = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  introspection_endpoint: z.string(),
  revocation_endpoint: z.string(),
  jwks_uri: z.string(),
  grant_types_supported: z.array(z.string()),
  response_types_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  introspection_endpoint_auth_methods_supported: z.array(z.string()),
  revocation_endpoint_auth_methods_supported: z.array(z.string()),
  service_documentation: z.string(),
});
export type ServerMetadata = z.infer<typeof ServerMetadata>;
