import type { Answer } from './device.js';
import type { Backend } from './feed.js';
import type { Service } from './service.js';

/** Sends a form as standard clients do. Parameters in pairs may be there twice. */
export async function sendForm(
  service: Pick<Service, 'url'>,
  path: string,
  form: Record<string, string> | [string, string][] | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  const text = await response.text();
  const body = text ? JSON.parse(text) : null;
  return { status: response.status, code: body?.code ?? null, headers: response.headers, body };
}

export async function introspect(service: Service, backend: Backend, token: string): Promise<Answer> {
  return sendForm(service, '/oauth/introspect', { token }, backend.headers);
}

export async function revokeToken(service: Service, backend: Backend, token: string): Promise<Answer> {
  return sendForm(service, '/oauth/revoke', { token }, backend.headers);
}

/** The refresh grant of a public client. */
export async function renew(service: Service, refreshToken: string, clientId = 'account'): Promise<Answer> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  return sendForm(service, '/oauth/token', form);
}

/** The Authorization of a request is one thing, and the form of a public client another. */
export const inForm = ({ applicationId, secret }: Backend) => ({ client_id: applicationId, client_secret: secret });

/** The same token with another MAC, of the right form. */
export function forged(refreshToken: string): string {
  return refreshToken.slice(0, -1) + (refreshToken.endsWith('A') ? 'E' : 'A');
}
