import { judge, type Requirements } from './admission.js';
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
  method: string;
  url: string;
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
  return (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void): void =>
    judge(verifier, request, requirements, {
      admit: (principal) => {
        request.principal = principal;
        next();
      },
      refuse: ({ status, headers, body }) => response.status(status).set(headers).end(JSON.stringify(body)),
      fail: next,
    });
}
