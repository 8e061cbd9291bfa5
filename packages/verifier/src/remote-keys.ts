import { KeySet, type JsonWebKeySet, type VerificationKey } from './key-set.js';
import { FeedError } from './follower/feed-error.js';
import type { Clock } from './follower/freshness.js';
import { asObject } from './follower/feed-messages.js';
import { request, type Fetch } from './follower/service-request.js';

/** As long as the service lets its answer be kept: a standby key is published long before it signs. Milliseconds. */
const REFRESH_MS = 5 * 60_000;
/** Until the first keys are there, in milliseconds. */
const RETRY_MS = 1_000;
const TIMEOUT_MS = 5_000;
/** Some hundred keys. */
const MAX_BYTES = 256 * 1024;

export interface RemoteKeysOptions {
  url: URL;
  fetch: Fetch;
  clock: Clock;
  /** Seconds between two looks for a key that is not known, however many tokens name one. */
  refetchInterval: number;
  /** Whether tokens of this key are refused by name; such a key is kept though it is not published any more. */
  isWithdrawn: (kid: string) => boolean;
  onLoaded: () => void;
  onError: (error: unknown) => void;
}

/** The keys that the service publishes. */
export class RemoteKeys {
  readonly keys = new KeySet();
  private loading: Promise<void> | null = null;
  private askedAt = -Infinity;
  private failed = false;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: RemoteKeysOptions) {}

  start(): void {
    void this.load()
      .catch(this.options.onError)
      .finally(() => {
        if (this.closed) return;
        this.timer = setTimeout(() => this.start(), this.keys.size === 0 ? RETRY_MS : REFRESH_MS).unref();
      });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /**
   * Looks whether there are keys that are not known yet; one look for all who ask at once, and none when the last one was
   * a moment ago. Returns whether the keys are those of such a look; false when it failed.
   */
  async refetch(): Promise<boolean> {
    const due = this.options.clock.monotonic() - this.askedAt >= this.options.refetchInterval * 1000;
    if (this.loading === null && !due) return !this.failed;
    await this.load().catch(this.options.onError);
    return !this.failed;
  }

  private load(): Promise<void> {
    this.loading ??= this.fetchKeys().finally(() => (this.loading = null));
    return this.loading;
  }

  private async fetchKeys(): Promise<void> {
    this.askedAt = this.options.clock.monotonic();
    this.failed = true;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const published = readKeys(await readText(await request(this.options.fetch, this.options.url, { signal })));
    const names = new Set(published.map(({ kid }) => kid));
    // It would be refused without its key too, but not as what it is.
    const withdrawn = [...this.keys].filter(({ kid }) => !names.has(kid) && this.options.isWithdrawn(kid));
    this.keys.replace([...published, ...withdrawn]);
    this.failed = false;
    this.options.onLoaded();
  }
}

async function readText(response: Response): Promise<string> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new FeedError('unreachable', 'the keys broke off', { cause });
  }
  if (text.length > MAX_BYTES) throw new FeedError('feed_invalid', 'more keys than there can be');
  return text;
}

/** Those that can be used: a kind of key that a later service may add is passed over. Throws a FeedError without any. */
function readKeys(text: string): VerificationKey[] {
  let listed: unknown;
  try {
    listed = asObject(JSON.parse(text))['keys'];
  } catch (cause) {
    throw new FeedError('feed_invalid', 'not a set of keys', { cause });
  }
  if (!Array.isArray(listed)) throw new FeedError('feed_invalid', 'not a set of keys');
  const usable = listed.flatMap((jwk) => usableKey(jwk as JsonWebKeySet['keys'][number]));
  if (usable.length === 0) throw new FeedError('feed_invalid', 'no key that can be used');
  return usable;
}

function usableKey(jwk: JsonWebKeySet['keys'][number]): VerificationKey[] {
  try {
    return [...KeySet.fromJwks({ keys: [jwk] })];
  } catch {
    return [];
  }
}
