import { asObject } from './follower/feed-messages.js';
import { FeedError } from './follower/feed-error.js';
import { momentOf, timeSince, type Clock } from './follower/freshness.js';
import { basicAuthorization, request, type Credentials, type Fetch } from './follower/service-request.js';

/** Shorter than a person waits, and no longer than the least `maxStaleness`. Milliseconds. */
const TIMEOUT_MS = 2_000;

/**
 * Asks the service about one token (RFC 7662), once for all who ask at the same time. Nothing is kept. An answer tells of a
 * moment after it was asked for, and is worth nothing once that is too long ago.
 */
export class Introspection {
  private readonly asking = new Map<string, Promise<boolean>>();

  constructor(
    private readonly url: URL,
    private readonly credentials: Credentials,
    private readonly fetch: Fetch,
    private readonly clock: Clock,
  ) {}

  /** Whether the token is active. Throws a FeedError when the service does not say. */
  isActive(token: string): Promise<boolean> {
    const known = this.asking.get(token);
    if (known) return known;
    const answer = this.ask(token).finally(() => this.asking.delete(token));
    this.asking.set(token, answer);
    return answer;
  }

  private async ask(token: string): Promise<boolean> {
    const asked = momentOf(this.clock);
    const response = await request(this.fetch, this.url, {
      method: 'POST',
      headers: {
        authorization: basicAuthorization(this.credentials),
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    let active: unknown;
    try {
      active = asObject(await response.json())['active'];
    } catch (cause) {
      throw new FeedError('feed_invalid', 'introspection gave no JSON', { cause });
    }
    if (typeof active !== 'boolean') throw new FeedError('feed_invalid', 'introspection says neither yes nor no');
    // By both clocks: a process that slept meanwhile finds the answer before its timer.
    if (timeSince(asked, this.clock) > TIMEOUT_MS)
      throw new FeedError('unreachable', 'introspection answered too late');
    return active;
  }
}
