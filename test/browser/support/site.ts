import { readFile } from 'node:fs/promises';
import { request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { startService, type Service, type ServiceOptions } from '../../support/service.js';
import { selfSignedCertificate } from './certificate.js';

/** Where the service lives; every other host name leads to pages that are not ours. */
const HOST = 'id.portcullis.test';

const CLIENT = join(process.cwd(), 'packages', 'client', 'dist');

/** An application's page with nothing but a client, for tests to use from outside. */
const BARE_PAGE = `<!doctype html><title>An application</title><script type="module">
  import { createClient } from '/bare/index.js';
  window.client = createClient({ baseUrl: location.origin });
  window.heard = [];
  for (const name of ['signedIn', 'signedOut', 'userChanged']) client.on(name, (event) => heard.push({ name, event }));
</script>`;

/** A request as it came from a browser, and what it was answered: 0 while nothing has been. */
export interface SeenRequest {
  method: string;
  path: string;
  origin: string | undefined;
  cookie: string;
  status: number;
}

/** What can become of a request. The service gets it with each of them. */
export interface Passage {
  /** Waits until the service has answered. */
  reach(): Promise<void>;
  deliver(): Promise<void>;
  /** The answer gets lost on the way. */
  lose(): Promise<void>;
  /** Its head arrives, cookies and all; its body does not. */
  cut(): Promise<void>;
}

export interface Site {
  /** `https://id.portcullis.test:port`. */
  url: string;
  service: Service;
  seen: SeenRequest[];
  intercept: (request: SeenRequest, passage: Passage) => Promise<void>;
  /** Pages of other hosts: HTML by host and path, as `evil.test/form`. */
  pages: Map<string, string>;
  /** The address of another host's page. */
  address(hostAndPath: string): string;
  /** The service stops, forgets all that is not in the database, and does not answer. */
  takeDown(): Promise<void>;
  /** It is started again, at the same address and on the same database. */
  bringUp(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The service at an https address of its own, as behind a reverse proxy: cookies and origins are those of production. The
 * network between it and the browser can lose things.
 */
export async function startSite(options: Pick<ServiceOptions, 'env' | 'extras'> = {}): Promise<Site> {
  const server = createServer(selfSignedCertificate(), (incoming, outgoing) => void route(site, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `https://${HOST}:${port}`;
  const settings = { ...options, env: { ...options.env, PUBLIC_URL: url } };
  // Holds the database, also while the one that answers is down.
  const holder = await startService(settings);
  const site: Site = {
    url,
    service: holder,
    seen: [],
    intercept: (_request, passage) => passage.deliver(),
    pages: new Map(),
    address: (hostAndPath) => `https://${hostAndPath.replace(/(?=\/|$)/, `:${port}`)}`,
    takeDown: async () => {
      const { service } = site;
      if (service === holder) throw new Error('Bring another one up first.');
      closeConnections(service);
      await service.stop();
    },
    bringUp: async () => {
      site.service = await startService({ ...settings, besides: holder });
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      closeConnections(site.service);
      closeConnections(holder);
      await holder.stop();
    },
  };
  return site;
}

function closeConnections({ app }: Service): void {
  (app.getHttpServer() as Server).closeAllConnections();
}

async function route(site: Site, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = incoming;
  const host = headers.host?.replace(/:\d+$/, '');
  if (host !== HOST)
    return sendHtml(outgoing, site.pages.get(`${host}${path}`) ?? '<!doctype html><title>Nothing</title>');
  if (path.startsWith('/bare')) return sendBare(path, outgoing);
  const seen: SeenRequest = { method, path, origin: headers.origin, cookie: headers.cookie ?? '', status: 0 };
  site.seen.push(seen);
  await site.intercept(seen, passTo(site.service, seen, incoming, outgoing)).catch(() => outgoing.destroy());
}

function passTo(service: Service, seen: SeenRequest, incoming: IncomingMessage, outgoing: ServerResponse): Passage {
  const { method, headers } = incoming;
  const options = { method: method ?? 'GET', headers, agent: false } as const;
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    const passed = forward(service.url + incoming.url, options, resolve).on('error', reject);
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  const reach = async () => {
    const answer = await answered;
    seen.status = answer.statusCode ?? 0;
    return answer;
  };
  const head = ({ statusCode = 502, headers: answerHeaders }: IncomingMessage) =>
    outgoing.writeHead(statusCode, answerHeaders);
  return {
    reach: async () => void (await reach()),
    deliver: async () => {
      const answer = await reach();
      head(answer).flushHeaders();
      answer.on('error', () => outgoing.destroy());
      answer.pipe(outgoing);
    },
    lose: async () => {
      await reach();
      outgoing.destroy();
    },
    cut: async () => {
      head(await reach()).write('{');
      setImmediate(() => outgoing.destroy());
    },
  };
}

function sendHtml(outgoing: ServerResponse, html: string): void {
  outgoing.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

/** The page, and the compiled client for it. */
async function sendBare(path: string, outgoing: ServerResponse): Promise<void> {
  const file = normalize(path.slice('/bare/'.length));
  if (!/^[\w-]+\.js$/.test(file)) return sendHtml(outgoing, BARE_PAGE);
  const script = await readFile(join(CLIENT, file)).catch(() => '');
  outgoing.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
}
