import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request came from, for the device list and the audit. */
export interface RequestSource {
  /** As Fastify sees it: a forwarded address counts only from a proxy that TRUST_PROXY names. */
  ip: string;
  userAgent: string | null;
}

/** 400 characters tell any browser; the rest is only weight in every row. */
const USER_AGENT_MAX = 400;

export function requestSource(request: FastifyRequest): RequestSource {
  const userAgent = request.headers['user-agent'];
  return { ip: request.ip, userAgent: userAgent ? userAgent.slice(0, USER_AGENT_MAX) : null };
}

/** The `RequestSource` of the running request. */
export const CurrentSource = createParamDecorator((_: unknown, context: ExecutionContext) =>
  requestSource(context.switchToHttp().getRequest<FastifyRequest>()),
);
