import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessToken, Act, Answer, Call, Moment, RefreshToken } from './history.js';
import { PUBLIC_URL, type ApplicationId } from './settings.js';

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
  access?: Omit<AccessToken, 'person' | 'requestedAt' | 'receivedAt'>;
  /** Whose account it is. */
  userId?: string;
  /** A browser is not sent the token again that it has. */
  refresh?: Omit<RefreshToken, 'person'>;
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

/** As a balancer does it: where nobody listens, the next one is asked; what was sent is not sent again. */
export async function askAnyone(
  instances: { url: string }[],
  first: number,
  request: Request,
): Promise<{ instance: number; reply: Reply | null }> {
  for (let tries = 0; ; tries++) {
    const instance = (first + tries) % instances.length;
    const reply = await ask(instances[instance]!.url, request);
    if (reply !== 'nobody') return { instance, reply };
    if (tries % instances.length === instances.length - 1) await sleep(200);
  }
}

/** What was asked and answered, as it is written down when the answer comes. */
export function callOf(person: number, act: Act, { instance, reply, sentAt }: Asked): Call {
  const answeredAt = now();
  const call: Call = { person, instance, act, sentAt, answeredAt, answer: reply?.answer ?? null };
  if (reply?.access) call.access = { ...reply.access, person, requestedAt: sentAt, receivedAt: answeredAt };
  if (reply?.refresh) call.refresh = { ...reply.refresh, person };
  return call;
}

export interface Asked {
  instance: number;
  reply: Reply | null;
  sentAt: Moment;
}

function read({ status, headers }: Response, body: Record<string, any>): Reply {
  const answer = { status, code: body.code ?? null };
  if (body.accessToken === undefined) return { answer };
  const session = body.session.id;
  const access = { session, text: body.accessToken, ...namesOf(body.accessToken) };
  const userId = body.user.id;
  const text = body.refreshToken ?? cookieIn(headers);
  if (text === undefined) return { answer, access, userId };
  return { answer, access, userId, refresh: { session, text, generation: generationOf(text) } };
}

function namesOf(accessToken: string): { kid: string; jti: string; application: ApplicationId } {
  const [header, claims] = accessToken
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  return { kid: header.kid, jti: claims.jti, application: claims.client_id };
}

function cookieIn(headers: Headers): string | undefined {
  const line = headers.getSetCookie().find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return line?.slice(COOKIE.length + 1).split(';')[0];
}

/** `prt_<key id>.<session id>.<generation>.<secret>.<mac>` */
function generationOf(refreshToken: string): number {
  return Number(refreshToken.split('.')[2]);
}
