import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessProblem } from './access-problem.js';
import { admit, type Requirements } from './admission.js';
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
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const admitted = (principal: Principal) => {
      request.principal = principal;
      done();
    };
    const refuse = (error: unknown) => {
      try {
        const { status, headers, body } = accessProblem(error, verifier.issuer, requirements.maxAge);
        void reply.code(status).headers(headers).send(JSON.stringify(body));
      } catch (fault) {
        done(fault as Error);
      }
    };
    let principal: Principal | Promise<Principal>;
    try {
      principal = admit(verifier, request.headers.authorization, requirements);
    } catch (error) {
      refuse(error);
      return;
    }
    if (principal instanceof Promise) principal.then(admitted, refuse);
    else admitted(principal);
  };
}
