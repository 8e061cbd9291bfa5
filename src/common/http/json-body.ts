import { isUtf8 } from 'node:buffer';

import type { FastifyInstance, FastifyRequest } from 'fastify';

import { AppError } from '../errors/app-error.js';
import { FORM_TYPE, parseForm } from './form-body.js';
import { inputFault } from './input-text.js';
import { isOAuthEndpoint } from './oauth-endpoint.js';

/** No body of this API comes near it: the longest is a password change, two passwords of 256 code points. */
export const bodyLimit = 16 * 1024;

/**
 * Makes JSON the only kind of body there is: forms and text/plain are what a page of another site can send without
 * asking (a "simple" request of the Fetch standard), so nothing may be read from them. But for the endpoints of OAuth,
 * which read forms only, and no cookie.
 */
export function restrictBodies(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  accept(instance, 'application/json', (request, body) => {
    if (isOAuthEndpoint(request)) throw new AppError('unsupported_media_type');
    return parseJson(body);
  });
  accept(instance, FORM_TYPE, (request, body) => {
    if (!isOAuthEndpoint(request)) throw new AppError('unsupported_media_type');
    return parseForm(body);
  });
}

function accept(
  instance: FastifyInstance,
  type: string,
  parse: (request: FastifyRequest, body: Buffer) => unknown,
): void {
  instance.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, (request, body, done) => {
    try {
      done(null, parse(request, body as Buffer));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

/** @returns undefined for an empty body, which many clients send with a Content-Type on routes without a body */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  // JSON is UTF-8 (RFC 8259, section 8.1); decoding anything else would put replacement characters into passwords.
  const value = isUtf8(body) ? parse(body.toString('utf8')) : undefined;
  if (value === undefined) throw invalidBody('', 'JSON in UTF-8.');
  const fault = inputFault(value);
  if (fault) throw invalidBody(fault.pointer, fault.detail);
  return value;
}

/** The value, or undefined, which JSON does not have: the parser's message quotes the body and must go nowhere. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function invalidBody(pointer: string, detail: string): AppError {
  return new AppError('validation_failed', { errors: [{ pointer, detail }] });
}
