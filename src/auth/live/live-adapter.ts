import type { INestApplicationContext, WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Observable } from 'rxjs';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { AppError } from '../../common/errors/app-error.js';
import { bodyLimit } from '../../common/http/json-body.js';
import { LiveTokens } from '../../tokens/live-tokens.js';
import type { RoutePolicy } from '../route-policy.js';
import { LiveConnections } from './live-connections.js';
import { chooseProtocol, LiveHandshake } from './live-handshake.js';
import { handleMessages, handleRenewals } from './live-message-handlers.js';

/** How long a client may take to say goodbye when the instance stops, in milliseconds. */
const GOODBYE_MS = 1_000;

/** RFC 6455 §7.4.1: the server goes away; the client may connect again at once, and meets another instance. */
const GOING_AWAY = 1001;

/**
 * Lets gateways speak on the port of the service and nowhere else. A handshake goes the way of a request, through Fastify
 * (headers, log, problem documents), to a route that admits it; only then is it a WebSocket.
 */
export class LiveAdapter extends AbstractWsAdapter {
  private readonly upgrades = new WeakMap<IncomingMessage, { socket: Socket; head: Buffer }>();
  private readonly handshake: LiveHandshake;
  private readonly connections: LiveConnections;
  private readonly liveTokens: LiveTokens;
  private listening = false;
  private closing = false;

  /** `policyAt`: who may connect to the gateways of a path; it throws when that is not clear. */
  constructor(
    app: INestApplicationContext,
    private readonly instance: FastifyInstance,
    private readonly policyAt: (path: string) => RoutePolicy,
  ) {
    super(app);
    this.handshake = app.get(LiveHandshake, { strict: false });
    this.connections = app.get(LiveConnections, { strict: false });
    this.liveTokens = app.get(LiveTokens, { strict: false });
  }

  override create(port: number, options: ServerOptions = {}): WebSocketServer {
    const { path = '' } = options;
    if (!path.startsWith('/')) throw new Error(`A gateway must name a path that begins with a slash, not "${path}".`);
    // Another port would be a door without the guard.
    if (port !== 0)
      throw new Error(`The gateway of ${path} must not name a port: it speaks on the port of the service.`);
    const policy = this.policyAt(path);
    if (!this.listening) (this.httpServer as Server).on('upgrade', this.onUpgrade);
    this.listening = true;
    const server = new WebSocketServer({
      ...options,
      path: undefined,
      noServer: true,
      maxPayload: options.maxPayload ?? bodyLimit,
      handleProtocols: chooseProtocol,
    } as ServerOptions);
    this.instance.get(path, (request, reply) => this.take(server, request, reply, policy));
    return server;
  }

  override bindMessageHandlers(
    client: WebSocket,
    handlers: WsMessageHandler[],
    transform: (result: unknown) => Observable<unknown>,
  ): void {
    handleMessages(client, handlers, transform);
  }

  override bindClientDisconnect(client: WebSocket, callback: (...given: unknown[]) => void): void {
    client.once('close', callback);
  }

  override async close(server: WebSocketServer): Promise<void> {
    this.closing = true;
    for (const client of server.clients) client.close(GOING_AWAY);
    const gone = [...server.clients].map((client) => new Promise((resolve) => client.once('close', resolve)));
    await Promise.race([Promise.all(gone), delay(GOODBYE_MS, undefined, { ref: false })]);
    for (const client of server.clients) client.terminate();
    server.close();
  }

  override async dispose(): Promise<void> {
    (this.httpServer as Server).off('upgrade', this.onUpgrade);
  }

  /** Gives the request of a handshake to Fastify, which Node leaves to whoever listens for upgrades. */
  private readonly onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return this.readAgain(request, socket, head);
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Not end(): who keeps the other half open would keep the socket, which no time-out of the server watches any more.
    response.once('finish', () => socket.destroySoon());
    this.upgrades.set(request, { socket, head });
    this.instance.routing(request, response);
  };

  /**
   * Whoever offers another protocol (Java's client does, HTTP/2) may be answered in this one (RFC 9110 §7.8), but Node has
   * stopped to read: the request is put back without the offer.
   */
  private readAgain({ method, url, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at]!;
      if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
    (this.httpServer as Server).emit('connection', socket);
  }

  private async take(
    server: WebSocketServer,
    request: FastifyRequest,
    reply: FastifyReply,
    policy: RoutePolicy,
  ): Promise<void> {
    const upgrade = this.upgrades.get(request.raw);
    // A plain GET of it is a request for nothing.
    if (!upgrade) return reply.callNotFound();
    const admitted = await this.handshake.admit(request, policy);
    // Until then a balancer may send handshakes here, as it sends requests: they are closed with the others.
    if (this.closing) throw new AppError('unavailable', { log: 'a handshake while closing' });
    if (admitted) this.liveTokens.assertRoom(admitted.principal.sessionId);
    const { socket, head } = upgrade;
    reply.hijack();
    reply.raw.detachSocket(socket);
    server.handleUpgrade(request.raw, socket, head, (client) => {
      request.log.info({ method: 'GET', route: request.routeOptions.url, status: 101 }, 'request');
      if (!this.connections.add(client, request.id, admitted?.token ?? null, policy.staleness)) return;
      handleRenewals(client, this.connections);
      server.emit('connection', client, request.raw);
    });
  }
}
