import { FeedError } from './follower/feed-error.js';
import { asObject } from './follower/feed-messages.js';
import { request, type Fetch } from './follower/service-request.js';

/** Short, as the start waits for it. Milliseconds. */
const TIMEOUT_MS = 2_000;

export interface IssuerCheckOptions {
  /** Where the service's metadata are; null: nobody is to look. */
  metadata: URL | null;
  issuer: string;
  /** Where the service answers, whatever it calls itself. */
  feed: URL;
  fetch: Fetch;
  /** After each look, whatever came of it. */
  onLooked: () => void;
  onError: (error: unknown) => void;
}

/**
 * Whether the service calls itself what tokens are expected to say in `iss`: by its metadata, whose issuer must be
 * identical (RFC 8414 §3.3). Where it is another, every good token would be refused, and nothing else would say why. A
 * service that gives no metadata is not spoken against.
 */
export class IssuerCheck {
  /** Whether the first look is over. */
  looked: boolean;
  /** What was found wrong at the last look; null when nothing was. */
  mismatch: FeedError | null = null;
  private agreed = false;

  constructor(private readonly options: IssuerCheckOptions) {
    this.looked = options.metadata === null;
  }

  /** Looks, until once the names were the same. Never rejects. */
  async look(): Promise<void> {
    const { metadata, issuer, feed, fetch, onLooked, onError } = this.options;
    if (metadata === null || this.agreed) return;
    const named = await readIssuer(fetch, metadata).catch(() => null);
    this.agreed = named === issuer;
    if (named !== null) this.mismatch = this.agreed ? null : mismatchOf(named, issuer, feed);
    if (this.mismatch !== null) onError(this.mismatch);
    this.looked = true;
    onLooked();
  }
}

/** What the service calls itself; null when its answer does not say. */
async function readIssuer(fetch: Fetch, metadata: URL): Promise<string | null> {
  const response = await request(fetch, metadata, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { issuer } = asObject(await response.json());
  return typeof issuer === 'string' && URL.canParse(issuer) ? issuer : null;
}

function mismatchOf(named: string, issuer: string, { href }: URL): FeedError {
  return new FeedError(
    'issuer_mismatch',
    `the service calls itself ${named}, not ${issuer}: set issuer to ${named}, and feed to ${href} if you reach it there only`,
  );
}
