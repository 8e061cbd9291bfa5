import type { FastifyReply, FastifyRequest } from 'fastify';
import { judge, type Requirements } from './admission.js';
import type { Verifier } from './create-verifier.js';
import type { Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking: set by `protect`. */
    principal?: Principal;
  }
}

/** An `onRequest` hook for Fastify: lets in who bears a good token, as `request.principal`, and answers the others. */
export function protect(verifier: Verifier, requirements: Requirements = {}) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void =>
    judge(verifier, request, requirements, {
      admit: (principal) => {
        request.principal = principal;
        done();
      },
      refuse: ({ status, headers, body }) => void reply.code(status).headers(headers).send(JSON.stringify(body)),
      fail: (fault) => done(fault as Error),
    });
}
