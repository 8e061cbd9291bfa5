import { createActivity } from './activity.js';
import { createAuthorizedFetch } from './authorized-fetch.js';
import { createRecordStore } from './browser-record.js';
import { createEmitter, type ClientEvents, type Handler } from './client-events.js';
import type { Core } from './core.js';
import { createDeadlines } from './deadlines.js';
import { browserEnvironment, type Environment } from './environment.js';
import { createRefresh } from './refresher.js';
import { asTokens, createServiceCalls } from './service-calls.js';
import { createSessionKeeper, timeLeft } from './session-keeper.js';
import type { SessionState, User } from './session-state.js';
import { createSessionWatch } from './session-watch.js';
import { createSignIn } from './sign-in.js';
import { createSignOut } from './sign-out.js';
import { createTabLife } from './tab-life.js';
import { takeTurn } from './turn.js';

export type { ClientEvents } from './client-events.js';
export type { SessionState } from './session-state.js';

export interface ClientOptions {
  /** Where the service is: its PUBLIC_URL, or the page's own origin where that passes `/v1` on. */
  baseUrl: string;
  /** The application to sign in to; the account pages when left out. */
  applicationId?: string;
  /** Seconds before an end at which `expiring` is emitted. Default: 60. */
  warnBefore?: number;
  /** Other origins that may see the access token: APIs of yours that verify it. */
  apiOrigins?: readonly string[];
  /** Whether what the person does with pointer and keys counts as use of the session. Default: true. */
  trackActivity?: boolean;
  fetch?: typeof globalThis.fetch;
  /** What stands in for the browser, in tests. */
  environment?: Partial<Environment>;
}

export interface SignInOptions {
  email: string;
  password: string;
  /** Stay signed in after the browser closes. */
  remember?: boolean;
  deviceName?: string;
}

export interface RequestOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

/** A person's session in this browser. All calls throw PortcullisError for a refusal, NetworkError without an answer. */
export interface Client {
  /** Who is signed in, as far as is known. */
  readonly session: SessionState;
  /** Calls the handler at each such event; returns what stops it. */
  on<Name extends keyof ClientEvents>(name: Name, handler: Handler<Name>): () => void;
  /** Finds out who is signed in, once. Rejects, and may be called again, when that cannot be known now. */
  ready(): Promise<SessionState>;
  /** The account, signed in; null when its e-mail address has to be verified first. */
  register(options: SignInOptions & { name?: string }): Promise<User | null>;
  signIn(options: SignInOptions): Promise<User>;
  /** Signs this device out, at once; `pending` when the service could not be told yet. It will be. Never rejects. */
  signOut(): Promise<{ pending: boolean }>;
  /** Ends every session of the account, this one too. */
  signOutEverywhere(): Promise<void>;
  /** The person proves again who they are; what asked for it may be tried again then. */
  reauthenticate(password: string): Promise<User>;
  /** This device stays signed in; all others are signed out. */
  changePassword(passwords: { currentPassword: string; newPassword: string }): Promise<User>;
  /**
   * `fetch` with the access token, refreshed when needed. A path is one of the service. Gives back the response, whatever
   * its status.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** As `fetch`, JSON in and out; null for an empty answer, PortcullisError for a refusal. */
  request<Answer = unknown>(path: string, options?: RequestOptions): Promise<Answer>;
  /** New tokens now, or the word that there are none: also after a sign-in that did not go through this client. */
  refresh(): Promise<SessionState>;
  /** A valid access token, for what cannot go through `fetch`; null when nobody is signed in. */
  accessToken(): Promise<string | null>;
  /** The person wants to stay: the session is used now. Nothing happens in a hidden tab. */
  stayActive(): Promise<void>;
  /** Seconds until the session ends, whatever this device's clock says; null when nobody is signed in. */
  timeLeft(): { idle: number; absolute: number } | null;
  /** Stops listening, for good. The session stays. */
  close(): void;
}

export function createClient(options: ClientOptions): Client {
  const { applicationId = 'account', warnBefore = 60, apiOrigins = [], trackActivity = true, fetch } = options;
  const environment = { ...browserEnvironment(fetch), ...options.environment };
  const { location } = globalThis as { location?: Location };
  const baseUrl = new URL(options.baseUrl, location?.href).href.replace(/\/$/, '');
  const name = `portcullis:${baseUrl}:${applicationId}`;
  const core: Core = {
    environment,
    name,
    record: createRecordStore(environment, name),
    events: createEmitter(),
    calls: createServiceCalls(environment.fetch, baseUrl),
    turn: (work) => takeTurn(environment.locks, `${name}:turn`, work),
    applicationId,
  };

  const keeper = createSessionKeeper(core);
  const signOuts = createSignOut(core, keeper);
  const refresh = createRefresh(core, keeper, signOuts.settle);
  const activity = createActivity(core, keeper, refresh, trackActivity);
  const watch = createSessionWatch(core, keeper, refresh, activity.since);
  const deadlines = createDeadlines(core, keeper, refresh, watch.poll, warnBefore);
  const life = createTabLife(core, keeper, refresh, signOuts, activity, (isOpen) => {
    watch.update(isOpen);
    deadlines(isOpen);
  });
  const signIn = createSignIn(core, keeper, signOuts);
  const origins = [baseUrl, ...apiOrigins].map((url) => new URL(url).origin);
  const authorizedFetch = createAuthorizedFetch(core, origins, keeper, refresh, life.current);

  const authorized = createServiceCalls((input, init) => authorizedFetch(new Request(input, init)), baseUrl);
  const prove = async (route: string, body: object) => {
    const tokens = asTokens(await authorized.call(`/v1/auth/${route}`, { body }));
    return keeper.adopt(tokens, 'refresh').user;
  };

  return {
    get session() {
      return keeper.session;
    },
    on: core.events.on,
    ready: life.ready,
    register: (options) => signIn('register', options),
    signIn: (options) => signIn('login', options) as Promise<User>,
    signOut: signOuts.begin,
    async signOutEverywhere() {
      await authorized.call('/v1/auth/logout-all');
      keeper.drop('signed_out_everywhere');
    },
    reauthenticate: (password) => prove('reauthenticate', { password }),
    changePassword: (passwords) => prove('password', passwords),
    async fetch(input, init) {
      const url = typeof input === 'string' ? new URL(input.replace(/^\//, ''), `${baseUrl}/`) : input;
      return authorizedFetch(new Request(url, init));
    },
    async request<Answer>(
      path: string,
      { body, method = body === undefined ? 'GET' : 'POST', signal }: RequestOptions = {},
    ) {
      return (await authorized.call(path, { body, method, signal, timeout: 0 })) as Answer;
    },
    async refresh() {
      await refresh(keeper.held?.accessToken);
      return keeper.session;
    },
    async accessToken() {
      return (await life.current())?.accessToken ?? null;
    },
    stayActive: activity.stayActive,
    timeLeft: () => keeper.held && timeLeft(keeper.held),
    close: life.close,
  };
}
