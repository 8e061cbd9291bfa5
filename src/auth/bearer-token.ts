import type { FastifyRequest } from 'fastify';

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1; the scheme's case does not matter); null without one. */
export function bearerToken(request: FastifyRequest): string | null {
  const { authorization } = request.headers;
  if (authorization === undefined || authorization.length < 8) return null;
  return /^bearer $/i.test(authorization.slice(0, 7)) ? authorization.slice(7) : null;
}
