import type { Principal } from '@portcullis/verifier';

export type { Principal };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard on every route that is not public. */
    principal?: Principal;
  }
}
