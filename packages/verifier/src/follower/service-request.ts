import { FeedError } from './feed-error.js';

/** The id and a secret of an application's back end. */
export interface Credentials {
  id: string;
  secret: string;
}

export type Fetch = typeof globalThis.fetch;

/** The Authorization header of a back end (RFC 6749 §2.3.1: encoded as a form's values before they are joined). */
export function basicAuthorization({ id, secret }: Credentials): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

/**
 * Sends a request that follows no redirect, which could carry the secret elsewhere. Throws a FeedError for what is no
 * answer, and for any answer but 200.
 */
export async function request(fetch: Fetch, url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: 'error', ...init });
  } catch (cause) {
    throw new FeedError('unreachable', `${url.pathname} gave no answer`, { cause });
  }
  if (response.status === 200) return response;
  await response.body?.cancel().catch(() => undefined);
  throw refusalOf(response.status, url);
}

function refusalOf(status: number, { pathname }: URL): FeedError {
  if (status === 401) return new FeedError('client_credentials_invalid', `${pathname} does not know our credentials`);
  if (status === 410) return new FeedError('cursor_gone', `${pathname} does not know our place`);
  if (status >= 500 || status === 429) return new FeedError('service_unavailable', `${pathname} answered ${status}`);
  return new FeedError('feed_invalid', `${pathname} answered ${status}`);
}
