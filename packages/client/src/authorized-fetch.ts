import type { Core } from './core.js';
import { needsRefresh, NetworkError, refusal, userChanged, type PortcullisError } from './errors.js';
import { pause } from './pause.js';
import { LONGEST_WAIT_S, type Refresh } from './refresher.js';
import type { Held, SessionKeeper } from './session-keeper.js';

/** How often a request is sent again because the service asked to come back. */
const REPEATS = 2;

/** What answers with another cookie. */
const reissues = /\/v1\/auth\/\w+$/;

/**
 * `fetch` with the access token, for these origins and nobody else. Gives the response, whatever its status. A request is
 * repeated once with a new access token when its own was refused, and a few times when the service says that it did
 * nothing and is to be asked again. Throws NetworkError, and PortcullisError: `user_changed` when somebody else has signed
 * in since it was made.
 *
 * `current` gives good tokens; rejects when it cannot be known who is signed in.
 */
export function createAuthorizedFetch(
  { environment: { fetch }, turn }: Core,
  origins: readonly string[],
  keeper: SessionKeeper,
  refresh: Refresh,
  current: () => Promise<Held | null>,
): (request: Request) => Promise<Response> {
  async function send(request: Request, held: Held | null, user: string | undefined): Promise<Response> {
    if (held && held.user.id !== user) throw userChanged();
    const copy = request.clone();
    if (held) copy.headers.set('authorization', `Bearer ${held.accessToken}`);
    const pass = () => fetch(copy);
    const response = await (reissues.test(request.url) ? turn(pass) : pass()).catch((error: unknown) => {
      throw request.signal.aborted ? error : new NetworkError(error);
    });
    // What came for one person must not be shown to another.
    if (user && keeper.held && keeper.held.user.id !== user) throw userChanged();
    if (held && response.ok) keeper.noteUse(held);
    return response;
  }

  return async (request) => {
    if (!origins.includes(new URL(request.url).origin) || request.headers.has('authorization')) return fetch(request);
    const { signal } = request;
    const before = keeper.held;
    let held = await current();
    const user = (before ?? held)?.user.id;
    let mayRefresh = held !== null;
    for (let repeats = 0; ;) {
      const response = await send(request, held, user);
      const problem = await problemOf(response);
      const { action, retryAfter = 1 } = problem ?? {};
      if (held && mayRefresh && needsRefresh(problem)) {
        mayRefresh = false;
        held = await refresh(held.accessToken);
        if (!held) return response;
      } else if (action === 'retry' && repeats++ < REPEATS && retryAfter <= LONGEST_WAIT_S) {
        await pause(retryAfter * 1000, signal);
      } else return response;
    }
  };
}

/** The refusal in a response that may be one; null for all others. The response can still be read. */
async function problemOf(response: Response): Promise<PortcullisError | null> {
  return response.ok
    ? null
    : refusal(
        response,
        await response
          .clone()
          .text()
          .catch(() => ''),
      );
}
