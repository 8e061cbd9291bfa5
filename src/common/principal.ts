/** Who is asking, as the access token says. Frozen: one object serves all requests with the same token. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly applicationId: string;
  readonly tokenId: string;
  readonly roles: readonly string[];
  /** When the person last proved who they are: seconds since 1970. */
  readonly authenticatedAt: number;
  /** How: RFC 8176 values. */
  readonly amr: readonly string[];
  /** Every claim of the token, what a claims provider added included. */
  readonly claims: Readonly<Record<string, unknown>>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard on every route that is not public. */
    principal?: Principal;
  }
}
