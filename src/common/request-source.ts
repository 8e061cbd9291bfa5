import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isIP } from 'node:net';

/** Where a request came from, for the device list and the audit. */
export interface RequestSource {
  /** As Fastify sees it: a forwarded address counts only from a proxy that TRUST_PROXY names. Null when it is none. */
  ip: string | null;
  userAgent: string | null;
}

/** 400 characters tell any browser; the rest is only weight in every row. */
const USER_AGENT_MAX = 400;

export function requestSource(request: FastifyRequest): RequestSource {
  const userAgent = request.headers['user-agent'];
  return { ip: addressOf(request.ip), userAgent: userAgent ? printable(userAgent.slice(0, USER_AGENT_MAX)) : null };
}

/** Bytes 80 to 9F arrive as control characters (RFC 9110 §5.5 lets them pass), and some terminals obey those. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd');
}

/**
 * The address in one spelling, or null: proxies forward what they were sent, such as "unknown" (RFC 7239 §6), and no
 * column of addresses takes that. Without the zone of a link-local address (RFC 4007 §11), which is of this machine; an
 * IPv4 client of an IPv6 socket (RFC 4291 §2.5.5.2) as IPv4.
 */
function addressOf(text: string): string | null {
  const address = text.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? null : address;
}

/** The `RequestSource` of the running request. */
export const CurrentSource = createParamDecorator((_: unknown, context: ExecutionContext) =>
  requestSource(context.switchToHttp().getRequest<FastifyRequest>()),
);
