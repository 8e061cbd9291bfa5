import { NetworkError, PortcullisError, refusal, unexpectedAnswer } from './errors.js';
import { isTokens, type Tokens } from './session-state.js';

/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 20_000;

export interface CallOptions {
  /** POST when left out. */
  method?: string;
  body?: unknown;
  token?: string | undefined;
  /** `omit` for what must not act by cookie. */
  credentials?: RequestCredentials;
  /** Milliseconds; 0: as long as it takes. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

/** The service's own routes. */
export interface ServiceCalls {
  /**
   * JSON in, JSON out; null for an empty answer. Throws PortcullisError for a refusal and for what cannot be read,
   * NetworkError when there is no answer in time.
   */
  call(path: string, options?: CallOptions): Promise<unknown>;
  /** The body of an event stream. Throws as `call` does; ending it is up to the signal. */
  open(path: string, token: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export function createServiceCalls(fetch: typeof globalThis.fetch, baseUrl: string): ServiceCalls {
  // No preflight, so a request may outlive its page: a refresh cut short by navigation would lose its cookie.
  const isSameOrigin = (globalThis as { location?: Location }).location?.origin === new URL(baseUrl).origin;

  return {
    async call(path, { method = 'POST', body, token, credentials = 'include', timeout = TIMEOUT_MS, signal } = {}) {
      const signals = [signal, timeout && AbortSignal.timeout(timeout)].filter(Boolean) as AbortSignal[];
      try {
        const response = await fetch(baseUrl + path, {
          method,
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(token && { authorization: `Bearer ${token}` }),
          },
          credentials,
          signal: AbortSignal.any(signals),
          keepalive: isSameOrigin && path.startsWith('/v1/auth/'),
          body: JSON.stringify(body) as string | null,
        });
        return await readJson(response);
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof PortcullisError ? error : new NetworkError(error);
      }
    },
    async open(path, token, signal) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(baseUrl + path, { headers, signal, credentials: 'omit' });
      const isStream = response.headers.get('content-type')?.includes('event-stream');
      if (response.ok && isStream && response.body) return response.body;
      await readJson(response);
      throw unexpectedAnswer(response.status);
    },
  };
}

/** Throws PortcullisError for a refusal and for what is no JSON, and what reading throws. */
async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw refusal(response, text);
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    throw unexpectedAnswer(response.status);
  }
}

/** Throws PortcullisError for an answer that should have been tokens. */
export function asTokens(answer: unknown): Tokens {
  if (isTokens(answer)) return answer;
  throw unexpectedAnswer(200);
}
