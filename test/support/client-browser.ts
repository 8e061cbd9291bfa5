import { createClient, type Client, type ClientEvents, type ClientOptions, type Environment } from '@portcullis/client';
import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PUBLIC_URL, type Service } from './service.js';

/** After the last test. Connections that were opened for nothing would hold the service for seconds. */
export async function stopService(service: Service): Promise<void> {
  (service.app.getHttpServer() as Server).closeAllConnections();
  await service.stop();
}

/** A request as it left a tab, and what came back: 0 while nothing has. */
export interface SentRequest {
  tab: number;
  path: string;
  /** The access token it carried; null without one. */
  token: string | null;
  status: number;
  code: string | null;
}

/** Between a tab and the service: passes on, or does something else. */
export type Intercept = (
  request: { tab: number; path: string; method: string },
  proceed: () => Promise<Response>,
) => Promise<Response>;

/** The answer came too late, or not at all: what the service did, it did. */
export async function lost(proceed: () => Promise<Response>): Promise<never> {
  await (await proceed()).arrayBuffer();
  throw new TypeError('The connection was lost.');
}

/**
 * One browser with tabs on pages of the service: a cookie jar, storage, locks and channels that its tabs share, and a
 * network that can be cut. What a browser adds to a request (cookies, `Origin`, `Sec-Fetch-Site`), it adds.
 */
export class ClientBrowser {
  readonly cookies = new Map<string, string>();
  readonly sent: SentRequest[] = [];
  readonly locks = new TestLocks();
  readonly tabs: Tab[] = [];
  isOnline = true;
  intercept: Intercept = (_request, proceed) => proceed();
  /** Between a request that has its cookie attached, as a browser does at once, and its arrival. */
  travel: () => Promise<void> = () => Promise.resolve();
  /** Between the arrival of an answer, cookies and all, and the page that waits for it. */
  linger: (request: { tab: number; path: string }) => Promise<void> = () => Promise.resolve();
  /** Milliseconds by which this device's clock is wrong. */
  wallShift = 0;
  /** Milliseconds that have gone by without anyone waiting. */
  private skipped = 0;
  private readonly stored = new Map<string, string>();

  private static readonly all: ClientBrowser[] = [];

  constructor(
    readonly service: Service,
    private readonly options: Partial<ClientOptions> = {},
  ) {
    ClientBrowser.all.push(this);
  }

  /** After each test. */
  static closeAll(): void {
    for (const browser of ClientBrowser.all.splice(0)) browser.close();
  }

  /** A page in a new tab. */
  open(options: Partial<ClientOptions> & { environment?: Partial<Environment> } = {}): Tab {
    const tab = new Tab(this, this.tabs.length, { ...this.options, ...options });
    this.tabs.push(tab);
    return tab;
  }

  /** Time goes by, here and for the service. */
  async advance(seconds: number): Promise<void> {
    await this.service.advance(seconds);
    this.skipped += seconds * 1000;
  }

  close(): void {
    for (const tab of this.tabs) tab.client.close();
  }

  requests(path: string): SentRequest[] {
    return this.sent.filter((request) => request.path === path);
  }

  get record(): Record<string, unknown> {
    const [text] = this.stored.values();
    return JSON.parse(text ?? '{}') as Record<string, unknown>;
  }

  /** As if the person had cleared the site's storage but not its cookies. */
  clearStorage(): void {
    this.stored.clear();
  }

  now(): number {
    return this.skipped + performance.now();
  }

  readonly storage = {
    getItem: (key: string) => this.stored.get(key) ?? null,
    setItem: (key: string, value: string) => void this.stored.set(key, value),
  };

  async fetch(tab: number, input: Parameters<typeof globalThis.fetch>[0], init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const path = request.url.replace(PUBLIC_URL, '');
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? null;
    const entry: SentRequest = { tab, path, token, status: 0, code: null };
    this.sent.push(entry);
    request.signal.throwIfAborted();
    const answered = this.intercept({ tab, path, method: request.method }, () => this.pass(request, path));
    const response = await Promise.race([answered, aborted(request.signal)]);
    entry.status = response.status;
    entry.code = await codeOf(response);
    // The answer has arrived: only now does the browser know of its cookies.
    for (const line of response.headers.getSetCookie()) this.keep(line);
    await this.linger({ tab, path });
    return response;
  }

  private async pass(request: Request, path: string): Promise<Response> {
    if (!this.isOnline) throw new TypeError('fetch failed');
    const headers = new Headers(request.headers);
    headers.set('origin', PUBLIC_URL);
    headers.set('sec-fetch-site', 'same-origin');
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookie && request.credentials !== 'omit') headers.set('cookie', cookie);
    const body = request.body ? await request.arrayBuffer() : null;
    await this.travel();
    // A connection that nothing was ever sent on would keep the service from stopping: aborted only once it is used.
    const abort = new AbortController();
    const response = await fetch(this.service.url + path, {
      method: request.method,
      headers,
      body,
      signal: abort.signal,
    });
    if (request.signal.aborted) abort.abort();
    request.signal.addEventListener('abort', () => abort.abort());
    return response;
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const expires = attributes.find((attribute) => attribute.startsWith('Expires='))?.slice('Expires='.length);
    if (expires && Date.parse(expires) < Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** What happened in a tab, in order. */
export type TabEvent = { [Name in keyof ClientEvents]: { name: Name; event: ClientEvents[Name] } }[keyof ClientEvents];

const EVENTS: (keyof ClientEvents)[] = [
  'signedIn',
  'refreshed',
  'expiring',
  'postponed',
  'signedOut',
  'userChanged',
  'devicesChanged',
];

export class Tab {
  readonly client: Client;
  readonly events: TabEvent[] = [];
  isVisible = true;
  /** How many are open. */
  channels = 0;
  private readonly page = new EventTarget();
  private isFrozen = false;
  private readonly missed: (() => void)[] = [];

  constructor(
    browser: ClientBrowser,
    readonly id: number,
    options: Partial<ClientOptions>,
  ) {
    const environment: Environment = {
      fetch: (input, init) => browser.fetch(id, input, init),
      storage: () => browser.storage,
      locks: browser.locks,
      openChannel: (name) => new TestChannel(browser, this, name),
      page: {
        isVisible: () => this.isVisible,
        isOnline: () => browser.isOnline,
        on: (type, handler) => {
          this.page.addEventListener(type, handler);
          return () => this.page.removeEventListener(type, handler);
        },
      },
      monotonic: () => browser.now(),
      wall: () => Date.now() + browser.wallShift + browser.now() - performance.now(),
    };
    this.client = createClient({
      baseUrl: PUBLIC_URL,
      ...options,
      environment: { ...environment, ...options.environment },
    });
    for (const name of EVENTS) this.client.on(name, (event) => this.events.push({ name, event } as TabEvent));
  }

  /** The events of one name. */
  heard<Name extends keyof ClientEvents>(name: Name): ClientEvents[Name][] {
    return this.events.filter((entry) => entry.name === name).map((entry) => entry.event as ClientEvents[Name]);
  }

  dispatch(type: string): void {
    this.page.dispatchEvent(new Event(type));
  }

  show(): void {
    this.isVisible = true;
    this.dispatch('visibilitychange');
  }

  hide(): void {
    this.isVisible = false;
    this.dispatch('visibilitychange');
  }

  /** For another page, kept for "back": the events that browsers send, in their order. */
  leave(): void {
    this.dispatch('pagehide');
    this.hide();
  }

  comeBack(): void {
    this.dispatch('pageshow');
    this.show();
  }

  /** It hears of nothing until it thaws; then of everything that it missed. */
  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    this.isFrozen = false;
    for (const deliver of this.missed.splice(0)) deliver();
  }

  deliver(message: () => void): void {
    if (this.isFrozen) this.missed.push(message);
    else message();
  }
}

/** BroadcastChannel among the tabs of one browser. */
class TestChannel {
  private static readonly open = new WeakMap<ClientBrowser, Set<TestChannel>>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  private readonly peers: Set<TestChannel>;

  constructor(
    browser: ClientBrowser,
    private readonly tab: Tab,
    private readonly name: string,
  ) {
    this.peers = TestChannel.open.get(browser) ?? new Set();
    TestChannel.open.set(browser, this.peers.add(this));
    tab.channels++;
  }

  postMessage(message: unknown): void {
    const data: unknown = structuredClone(message);
    for (const peer of this.peers) {
      if (peer === this || peer.name !== this.name) continue;
      void nextTurn().then(() => peer.tab.deliver(() => peer.onmessage?.({ data })));
    }
  }

  close(): void {
    if (this.peers.delete(this)) this.tab.channels--;
  }
}

/** Web Locks, as far as they are used: exclusive, in turn, and a signal that ends the waiting only. */
class TestLocks {
  private readonly queues = new Map<string, Promise<unknown>>();

  async request<Result>(
    name: string,
    { signal }: { signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const before = this.queues.get(name) ?? Promise.resolve();
    let leave!: () => void;
    const own = new Promise<void>((resolve) => (leave = resolve));
    this.queues.set(
      name,
      before.then(() => own),
    );
    try {
      await Promise.race([before, aborted(signal)]);
    } catch (error) {
      void before.then(leave);
      throw error;
    }
    return work().finally(leave);
  }

  /** A tab has it, and is frozen: nobody else gets it any more. */
  seize(name: string): void {
    this.queues.set(name, new Promise(() => {}));
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

async function codeOf(response: Response): Promise<string | null> {
  if (response.ok) return null;
  const text = await response.clone().text();
  return /"code":"(\w+)"/.exec(text)?.[1] ?? null;
}
