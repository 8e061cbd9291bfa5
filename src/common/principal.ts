import type { Principal } from '@portcullis/verifier';

export type { Principal };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard on every route that is not public. */
    principal?: Principal;
  }
}

declare module 'ws' {
  interface WebSocket {
    /** Who bears the token that holds it open; not set where a public gateway was shown none. */
    principal?: Principal;
  }
}
