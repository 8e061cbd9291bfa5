import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import { poll } from './poll.js';
import type { Service } from './service.js';

interface SentMessage {
  event: string;
  data: any;
}

/** An open WebSocket, read as it comes. */
export class LiveSocket {
  readonly received: SentMessage[] = [];
  /** `<code> <reason>`; null while it is open. */
  closed: string | null = null;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (bytes) => this.received.push(JSON.parse((bytes as Buffer).toString()) as SentMessage));
    socket.on('close', (code, reason) => (this.closed = `${code} ${reason.toString()}`.trim()));
    socket.on('error', () => undefined);
  }

  /** Sends one message and returns the next that comes. */
  async ask(event: string, data: unknown = null): Promise<SentMessage> {
    const before = this.received.length;
    this.socket.send(JSON.stringify({ event, data }));
    await poll(() => this.received.length > before || this.closed !== null);
    return this.received[before] ?? { event: 'closed', data: this.closed };
  }

  /** Why it closed, once it has. */
  async end(): Promise<string> {
    await poll(() => this.closed !== null);
    return this.closed!;
  }
}

export interface HandshakeOptions {
  token?: string | null;
  protocols?: string[];
  headers?: Record<string, string>;
}

function begin(service: Service, path: string, { token, protocols = [], headers = {} }: HandshakeOptions): WebSocket {
  const options: ClientOptions = { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } };
  return new WebSocket(service.url.replace('http', 'ws') + path, protocols, options);
}

/** Throws when the handshake is refused. */
export async function openSocket(service: Service, path: string, options: HandshakeOptions = {}): Promise<LiveSocket> {
  const live = new LiveSocket(begin(service, path, options));
  await once(live.socket, 'open');
  return live;
}

/** The answer to a handshake that is refused: status, headers, problem document. */
export async function refusedSocket(service: Service, path: string, options: HandshakeOptions = {}) {
  const socket = begin(service, path, options).on('error', () => undefined);
  const [, answer] = (await Promise.race([
    once(socket, 'unexpected-response'),
    once(socket, 'open').then(() => [socket, null]),
  ])) as [unknown, IncomingMessage | null];
  if (!answer) {
    socket.terminate();
    return { status: 101, code: null, type: undefined, challenge: undefined };
  }
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  const { code } = JSON.parse(text) as { code: string };
  const { 'content-type': type, 'www-authenticate': challenge } = answer.headers;
  return { status: answer.statusCode, code, type, challenge };
}
