import { PUBLIC_URL } from './fleet.js';
import type { AccessToken, Answer, Moment, RefreshToken } from './history.js';

/** How long anybody waits for an answer, in milliseconds: longer than any fault lasts, so that few calls are given up. */
const PATIENCE = 10_000;

const COOKIE = 'portcullis-account';

export interface Request {
  method: string;
  path: string;
  body?: unknown;
  /** An access token. */
  bearer?: string;
  /** As a script does that knows the address of the service's pages, or as a browser for one of them. */
  from?: 'script' | 'browser';
  /** A refresh token, as a browser keeps it. */
  cookie?: string;
}

export interface Reply {
  answer: Answer;
  access?: Pick<AccessToken, 'session' | 'text'>;
  /** A browser is not sent the token again that it has. */
  refresh?: RefreshToken;
}

export const now = (): Moment => performance.now();

/** Asks an instance. Null when no answer came, or only a part of it; 'nobody' when it was not even asked. */
export async function ask(url: string, request: Request): Promise<Reply | null | 'nobody'> {
  const { method, path, body, bearer, from, cookie } = request;
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(from && { origin: PUBLIC_URL }),
        ...(from === 'browser' && { 'sec-fetch-site': 'same-origin' }),
        ...(cookie !== undefined && { cookie: `${COOKIE}=${cookie}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    return read(response, text ? JSON.parse(text) : {});
  } catch (error) {
    const refused = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
    return refused ? 'nobody' : null;
  }
}

function read({ status, headers }: Response, body: Record<string, any>): Reply {
  const answer = { status, code: body.code ?? null };
  if (body.accessToken === undefined) return { answer };
  const access = { session: body.session.id, text: body.accessToken };
  const text = body.refreshToken ?? cookieIn(headers);
  if (text === undefined) return { answer, access };
  return { answer, access, refresh: { session: access.session, text, generation: generationOf(text) } };
}

function cookieIn(headers: Headers): string | undefined {
  const line = headers.getSetCookie().find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return line?.slice(COOKIE.length + 1).split(';')[0];
}

/** `prt_<key id>.<session id>.<generation>.<secret>.<mac>` */
function generationOf(refreshToken: string): number {
  return Number(refreshToken.split('.')[2]);
}
