import { readFile } from 'node:fs/promises';
import {
  createServer,
  request as ask,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { argsOf, named, parseNginxConfig, type Directive } from './nginx-config.js';

/** What an nginx with the shipped configuration does is tried through it, or through nginx itself. */
export interface Front {
  url: string;
  stop(): Promise<void>;
}

/** What there is of an answer that is passed on. */
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

type Variables = Record<string, string>;

/** nginx takes these of a client for itself, and passes none of them on (ngx_http_proxy_module). */
const NOT_PASSED = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect']);

/**
 * For a machine without nginx: sends to Portcullis and to the application what nginx would by `examples/nginx/nginx.conf`,
 * read from that file: which headers, of which values, with which method and body. It knows the directives that stand
 * there and no others; where there is an nginx, the same tests hold both to the same answers.
 */
export async function startStandIn(addresses: { portcullis: string; orders: string }): Promise<Front> {
  const config = parseNginxConfig(await readFile(join(import.meta.dirname, '../../examples/nginx/nginx.conf'), 'utf8'));
  const http = named(config, 'http')[0]!.inner;
  const locations = named(named(http, 'server')[0]!.inner, 'location');
  const server = createServer((request, response) => {
    const front = new StandIn(locations, addresses, request);
    front.answer().then(
      (answer) => reply(response, answer),
      (error: unknown) => response.writeHead(502).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}

/** One request on its way through the configuration. */
class StandIn {
  private readonly variables: Variables;
  /** Of a 401, auth_request keeps this one header. */
  private challenge: IncomingHttpHeaders = {};

  constructor(
    private readonly locations: Directive[],
    private readonly addresses: Record<string, string>,
    private readonly request: IncomingMessage,
  ) {
    const { method = '', url = '', socket } = request;
    this.variables = { request_method: method, request_uri: url, remote_addr: socket.remoteAddress ?? '' };
  }

  async answer(): Promise<Answer> {
    const path = this.request.url!.split('?', 1)[0]!;
    const exact = this.locations.find(({ args }) => args[0] === '=' && args[1] === path);
    if (exact && argsOf(exact.inner, 'internal')) return { status: 404, headers: {}, body: Buffer.alloc(0) };
    const returned = exact && argsOf(exact.inner, 'return');
    if (exact && returned) return this.returned(exact.inner, returned);
    const prefixes = this.locations.filter(({ args }) => args.length === 1 && path.startsWith(args[0]!));
    const { inner } = prefixes.toSorted((one, other) => other.args[0]!.length - one.args[0]!.length)[0]!;
    const check = argsOf(inner, 'auth_request')?.[0];
    const refused = check === undefined ? null : await this.refusalBy(check, inner);
    if (refused === null) return this.pass(inner, this.request.url!, this.request.method!);
    const page = named(inner, 'error_page').find(({ args }) => args.includes(String(refused)))!;
    const answer = await this.named(page.args.at(-1)!);
    // `=` leaves it to the location what the status is; without, it stays the one of the refusal.
    const status = page.args.includes('=') ? answer.status : refused;
    return { ...answer, status, headers: { ...answer.headers, ...(refused === 401 && this.challenge) } };
  }

  /** What auth_request makes of the answer (ngx_http_auth_request_module); null for "may pass". */
  private async refusalBy(location: string, asking: Directive[]): Promise<number | null> {
    const { inner } = this.locations.find(({ args }) => args[0] === '=' && args[1] === location)!;
    // A subrequest is a GET, whatever it is about.
    const none: Answer = { status: 502, headers: {}, body: Buffer.alloc(0) };
    const answer = await this.pass(inner, location, 'GET').catch(() => none);
    for (const { args } of named(asking, 'auth_request_set')) {
      const source = args[1]!.slice(1);
      const header = answer.headers[source.replace('upstream_http_', '').replaceAll('_', '-')];
      this.variables[args[0]!.slice(1)] = source === 'upstream_status' ? String(answer.status) : String(header ?? '');
    }
    if (answer.status >= 200 && answer.status < 300) return null;
    const challenge = answer.headers['www-authenticate'];
    if (challenge !== undefined) this.challenge = { 'www-authenticate': challenge };
    return answer.status === 401 || answer.status === 403 ? answer.status : 500;
  }

  private async named(name: string): Promise<Answer> {
    const { inner } = this.locations.find(({ args }) => args[0] === name)!;
    const conditional = named(inner, 'if').find(({ args }) => {
      const [variable, value] = args.join(' ').replaceAll(/[($)]/g, '').split(' = ');
      return this.valueOf(variable!) === value;
    });
    const returned = argsOf(conditional?.inner ?? inner, 'return');
    if (returned === undefined) {
      const to = argsOf(inner, 'rewrite')![1]!.replace(/\?$/, '');
      return this.pass(inner, to, argsOf(inner, 'proxy_method')![0]!);
    }
    // `error_page 418 =401 @refused`: what is returned has a page again, and another status (recursive_error_pages).
    const page = named(inner, 'error_page').find(({ args }) => args[0] === returned[0]);
    if (page === undefined) return this.returned(inner, returned);
    return { ...(await this.named(page.args[2]!)), status: Number(page.args[1]!.slice(1)) };
  }

  /** `return`, with the headers of its location. */
  private returned(inner: Directive[], [status = '', text = '']: string[]): Answer {
    const none = Buffer.alloc(0);
    if (status.startsWith('3')) return { status: Number(status), headers: { location: this.expand(text) }, body: none };
    const added = named(inner, 'add_header').map(({ args }) => [args[0]!.toLowerCase(), args[1]!]);
    const headers = { 'content-type': argsOf(inner, 'default_type')![0]!, ...Object.fromEntries(added) };
    return { status: Number(status), headers, body: Buffer.from(text) };
  }

  /** proxy_pass: the client's headers but for those that are set, of which an empty one is left out. */
  private async pass(inner: Directive[], url: string, method: string): Promise<Answer> {
    const [, upstream, uri] = /^http:\/\/([\w-]+)(.*)$/.exec(argsOf(inner, 'proxy_pass')![0]!)!;
    const set = named(inner, 'proxy_set_header').map(({ args }): [string, string] => [
      args[0]!.toLowerCase(),
      this.expand(args[1]!),
    ]);
    const given = Object.entries(this.request.headers).filter(([name]) => !NOT_PASSED.has(name) && !name.includes('_'));
    const headers = Object.entries({ ...Object.fromEntries(given), ...Object.fromEntries(set) }).filter(
      ([, value]) => value,
    );
    const body = argsOf(inner, 'proxy_pass_request_body')?.[0] === 'off' ? null : await bodyOf(this.request);
    const answer = await send(this.addresses[upstream!]! + (uri || url), method, Object.fromEntries(headers), body);
    const hidden = new Set(named(inner, 'proxy_hide_header').map(({ args }) => args[0]!.toLowerCase()));
    const shown = Object.entries(answer.headers).filter(([name]) => !hidden.has(name));
    return { ...answer, headers: Object.fromEntries(shown) };
  }

  private expand(text: string): string {
    return text.replaceAll(/\$(\w+)/g, (_, name: string) => {
      const value = this.valueOf(name);
      if (value === undefined) throw new Error(`$${name} is not known here`);
      return value;
    });
  }

  /** undefined where nothing has that name; a header that was not sent is empty. */
  private valueOf(variable: string): string | undefined {
    const [, header] = /^http_(\w+)$/.exec(variable) ?? [];
    if (header === undefined) return this.variables[variable];
    return String(this.request.headers[header.replaceAll('_', '-')] ?? '');
  }
}

function send(url: string, method: string, headers: IncomingHttpHeaders, body: Buffer | null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = ask(url, { method, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      // An event stream is cut off in the end.
      bodyOf(response).then((body) => resolve({ status, headers: answered, body }), reject);
    });
    request.once('error', reject).end(body ?? undefined);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _, connection: __, 'content-length': ___, ...passed } = headers;
  response.writeHead(status, passed).end(body);
}
