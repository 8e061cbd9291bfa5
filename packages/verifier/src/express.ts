import { accessProblem } from './access-problem.js';
import { admit, type Requirements } from './admission.js';
import type { Verifier } from './create-verifier.js';
import type { Principal } from './principal.js';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how Express has its requests extended
  namespace Express {
    interface Request {
      /** Who is asking: set by `protect`. */
      principal?: Principal;
    }
  }
}

interface ExpressRequest {
  headers: { authorization?: string };
  principal?: Principal;
}

interface ExpressResponse {
  status(code: number): this;
  set(headers: Record<string, string>): this;
  end(body: string): unknown;
}

/** Middleware for Express: lets in who bears a good token, as `request.principal`, and answers the others. */
export function protect(verifier: Verifier, requirements: Requirements = {}) {
  return (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void): void => {
    const admitted = (principal: Principal) => {
      request.principal = principal;
      next();
    };
    const refuse = (error: unknown) => {
      try {
        const { status, headers, body } = accessProblem(error, verifier.issuer, requirements.maxAge);
        response.status(status).set(headers).end(JSON.stringify(body));
      } catch (fault) {
        next(fault);
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
