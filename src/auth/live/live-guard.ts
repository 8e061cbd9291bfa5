import { Injectable } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, INTERCEPTORS_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GATEWAY_METADATA, GATEWAY_OPTIONS } from '@nestjs/websockets/constants.js';
import type { FastifyInstance } from 'fastify';
import { LIVE_DOWNLOAD } from '../../common/http/live-download.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { LiveTokens } from '../../tokens/live-tokens.js';
import { AccessCookie } from '../access-cookie.js';
import { bearerToken } from '../bearer-token.js';
import { readPolicy, type RoutePolicy } from '../route-policy.js';
import { LiveAdapter } from './live-adapter.js';
import { liveDownloads } from './live-downloads.interceptor.js';
import { liveStreams, type StreamGuard } from './live-streams.interceptor.js';
import { ProblemMessagesFilter } from './problem-messages.filter.js';

/** Of an event stream that ends by itself with its session, and has a last word of its own. */
export const ENDS_ITSELF = 'portcullis:ends-itself';

const problemMessages = new ProblemMessagesFilter();

/** Puts what stays open under the same guard as requests: gateways, event streams, long downloads. */
@Injectable()
export class LiveGuard {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly liveTokens: LiveTokens,
    private readonly sessions: SessionsService,
    private readonly cookie: AccessCookie,
  ) {}

  /** Before the application is initialised. */
  attach(app: NestFastifyApplication): void {
    const instance = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    instance.decorate('streamGuard', this.streams);
    for (const stream of this.privateStreams()) prepend(INTERCEPTORS_METADATA, liveStreams, stream);
    for (const download of this.privateRoutes(LIVE_DOWNLOAD)) prepend(INTERCEPTORS_METADATA, liveDownloads, download);
    const gateways = this.gateways();
    for (const gateway of gateways) prepend(EXCEPTION_FILTERS_METADATA, problemMessages, gateway);
    app.useWebSocketAdapter(new LiveAdapter(app, instance, (path) => policyOfPath(gateways, path)));
  }

  private readonly streams: StreamGuard = {
    assertRoom: ({ principal }) => {
      if (principal) this.liveTokens.assertRoom(principal.sessionId);
    },
    // As for the stream of a session's own events: a token that ran out is good for as long as its session is alive.
    watch: (request, onRefused) => {
      const { principal } = request;
      if (!principal) return () => undefined;
      const token = bearerToken(request) ?? this.cookie.find(request, principal) ?? '';
      const isAlive = async () => (await this.sessions.findEndReason(principal.userId, principal.sessionId)) === null;
      return this.liveTokens.watch(token, onRefused, isAlive);
    },
  };

  private gateways(): object[] {
    return this.discovery
      .getProviders()
      .flatMap(({ metatype }) => (metatype && Reflect.hasMetadata(GATEWAY_METADATA, metatype) ? [metatype] : []));
  }

  private privateStreams(): object[] {
    return this.privateRoutes(SSE_METADATA).filter((handler) => !Reflect.hasMetadata(ENDS_ITSELF, handler));
  }

  /** The handlers that have this said of them. */
  private privateRoutes(metadata: string): object[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      const prototype = (metatype?.prototype ?? {}) as Record<string, unknown>;
      // Those of its base classes too, which are its routes as well.
      return new MetadataScanner()
        .getAllMethodNames(prototype)
        .map((name) => prototype[name] as object)
        .filter((handler) => Reflect.hasMetadata(metadata, handler))
        .filter((handler) => !readPolicy(metatype as object, handler).public);
    });
  }
}

/** First, which is last in turn: what a class says for itself goes before it. Twice is once. */
function prepend(key: string, value: object, target: object): void {
  const present = (Reflect.getMetadata(key, target) ?? []) as object[];
  if (!present.includes(value)) Reflect.defineMetadata(key, [value, ...present], target);
}

function policyOfPath(gateways: object[], path: string): RoutePolicy {
  const policies = gateways
    .filter((gateway) => ((Reflect.getMetadata(GATEWAY_OPTIONS, gateway) as { path?: string }).path ?? '') === path)
    .map((gateway) => readPolicy(gateway, gateway));
  const [first] = policies;
  if (!first || policies.some((policy) => JSON.stringify(policy) !== JSON.stringify(first)))
    throw new Error(`The gateways of ${path} must say the same of who may connect.`);
  return first;
}
