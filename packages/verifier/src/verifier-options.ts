import { systemClock, type Clock } from './follower/freshness.js';
import type { Credentials, Fetch } from './follower/service-request.js';
import type { VerificationError } from './verification-error.js';

/** What requests have in common, whatever the framework: `onRefused` gets the framework's own. */
export interface RefusedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly authorization?: string | undefined };
}

export interface VerifierOptions {
  /** The service, as it names itself in `iss`: its PUBLIC_URL. */
  issuer: string;
  /** Us, as tokens name us in `aud`; any one of them, when there are several. */
  audience: string | readonly string[];
  /** The id of our application and one of its secrets, for the feed and for introspection. */
  credentials: Credentials;
  /** Where the list of revocations is; `<issuer>/v1/revocations` when left out. */
  feed?: string | URL;
  /** Where the keys are; beside the feed when left out: `/.well-known/jwks.json`. */
  jwks?: string | URL;
  /** Where a token can be asked about; beside the feed when left out: `/oauth/introspect`. */
  introspection?: string | URL;
  /**
   * Where the service says what it calls itself (RFC 8414); beside the feed when left out:
   * `/.well-known/oauth-authorization-server`. `false` when this is not to be compared with `issuer`.
   */
  metadata?: string | URL | false;
  /**
   * How old, in seconds, the knowledge of revocations may be when a token is accepted: 5 when left out. It bounds how
   * late a revocation can take effect here, whatever fails on the way.
   */
  maxStaleness?: number;
  /** What to do past it: answer 503 (`reject`, when left out), or ask the service about each token. */
  onStale?: 'introspect' | 'reject';
  /** Seconds between two looks for a key that is not known: 10 when left out. */
  refetchInterval?: number;
  /** How many verified tokens are remembered: 20,000 when left out, about 2 kB each. */
  cacheSize?: number;
  /** Told of whatever goes wrong on the way to the service (a FeedError), and of what a listener threw. For your log. */
  onError?: (error: unknown) => void;
  /**
   * Told of each request that an adapter refuses: by which rule, in `error.reason`, which the client is never told. For
   * your log.
   */
  onRefused?: (error: VerificationError, request: RefusedRequest) => void;
  clock?: Clock;
  fetch?: Fetch;
}

export interface VerifierSettings {
  issuer: string;
  audience: string | readonly string[];
  credentials: Credentials;
  feed: URL;
  jwks: URL;
  introspection: URL | null;
  metadata: URL | null;
  maxStaleness: number;
  refetchInterval: number;
  cacheSize: number;
  onError: (error: unknown) => void;
  onRefused: (error: VerificationError, request: RefusedRequest) => void;
  clock: Clock;
  fetch: Fetch;
}

/** Throws a TypeError that says which option is wrong. */
export function readOptions(options: VerifierOptions): VerifierSettings {
  const { issuer, audience, credentials, onStale = 'reject' } = options;
  assert(typeof issuer === 'string' && URL.canParse(issuer), 'issuer must be the URL of the service');
  const isNamed = typeof audience === 'string' ? audience !== '' : Array.isArray(audience) && audience.length > 0;
  assert(isNamed, 'audience must name you, as tokens do');
  assert(!!credentials?.id && !!credentials.secret, 'credentials must have the id and a secret of your application');
  assert(onStale === 'reject' || onStale === 'introspect', "onStale must be 'reject' or 'introspect'");
  const feed = readUrl('feed', options.feed ?? `${issuer.replace(/\/$/, '')}/v1/revocations`);
  const beside = (path: string) => new URL(feed.pathname.replace(/\/v1\/revocations$/, path), feed);
  return {
    issuer,
    audience,
    credentials,
    feed,
    jwks: options.jwks ? readUrl('jwks', options.jwks) : beside('/.well-known/jwks.json'),
    introspection:
      onStale === 'reject' ? null : readUrl('introspection', options.introspection ?? beside('/oauth/introspect')),
    metadata:
      options.metadata === false
        ? null
        : readUrl('metadata', options.metadata ?? beside('/.well-known/oauth-authorization-server')),
    // Heartbeats come once a second: less than two would refuse requests in health.
    maxStaleness: readNumber('maxStaleness', options.maxStaleness ?? 5, 2, 3600),
    refetchInterval: readNumber('refetchInterval', options.refetchInterval ?? 10, 1, 3600),
    cacheSize: readNumber('cacheSize', options.cacheSize ?? 20_000, 2, 10_000_000),
    onError: harmless(options.onError),
    onRefused: harmless(options.onRefused),
    clock: options.clock ?? systemClock,
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
  };
}

/** Whatever goes wrong in a log must not end the following of revocations, nor an answer. */
function harmless<Told extends unknown[]>(tell: ((...told: Told) => void) | undefined): (...told: Told) => void {
  return (...told) => {
    try {
      // It may be async: a rejection that nobody handles would end the process.
      const answer: unknown = tell?.(...told);
      if (answer !== undefined) Promise.resolve(answer).catch(() => undefined);
    } catch {
      // There is nobody left to tell.
    }
  };
}

function readUrl(name: string, value: string | URL): URL {
  assert(URL.canParse(String(value)), `${name} must be a URL`);
  const url = new URL(value);
  assert(url.protocol === 'https:' || url.protocol === 'http:', `${name} must be a URL of http or https`);
  return url;
}

function readNumber(name: string, value: number, least: number, most: number): number {
  assert(typeof value === 'number' && value >= least && value <= most, `${name} must be ${least} to ${most}`);
  return value;
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(`createVerifier: ${message}`);
}
