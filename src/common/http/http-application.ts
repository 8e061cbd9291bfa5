import cookie from '@fastify/cookie';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { DynamicModule, Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

import type { Config } from '../../config.js';
import { ProblemFilter } from '../errors/problem.filter.js';
import { createLogger } from '../logging/logger.js';
import type { Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { Metrics } from '../metrics/metrics.js';
import { Readiness } from '../readiness.js';
import { spareUnreadAnswers } from './closing-connections.js';
import { allowOrigin, answerPreflight } from './cors.js';
import type { OriginPolicy } from './cors.js';
import { FrameworkErrors } from './framework-errors.js';
import { restrictBodies, bodyLimit } from './json-body.js';
import { RefusedOrigins } from './refused-origins.js';
import { RequestLog, requestId } from './request-log.js';
import { RouteMethods } from './route-methods.js';
import { securityHeaders } from './security-headers.js';
import type { ResponseHeaders } from './security-headers.js';
import { ValidationPipe } from './validation.pipe.js';

/** The part of the configuration that HTTP needs. */
export type HttpSettings = Pick<Config, 'publicUrl' | 'corsOrigins' | 'trustProxy' | 'logLevel'>;

export interface HttpOptions {
  /** Whose pages may read answers; those of the settings when left out. Called once the module is there. */
  origins?: (app: NestFastifyApplication) => OriginPolicy;
  /** Where log lines go instead of standard output. */
  logStream?: NodeJS.WritableStream;
}

/** Boots a module (which must provide `Readiness` and `Metrics`) behind everything that holds for every request. */
export async function createHttpApplication(
  settings: HttpSettings,
  module: DynamicModule | Type,
  options: HttpOptions = {},
): Promise<NestFastifyApplication> {
  const logger = createLogger(settings.logLevel, options.logStream as never);
  const headers = securityHeaders(settings.publicUrl);
  const adapter = createAdapter(logger, settings, headers);
  const instance = adapter.getInstance<FastifyInstance>();
  const routes = new RouteMethods();
  routes.observe(instance);
  restrictBodies(instance);
  instance.addHook('onRequest', answerPreflight);
  // Named beforehand, so that all requests have one shape whether or not a guard sets it.
  instance.decorateRequest('principal');

  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(logger),
    // Nest's own parsers would read forms too.
    bodyParser: false,
    abortOnError: false,
  });
  await app.register(cookie);
  app.useGlobalFilters(
    new ProblemFilter(settings.publicUrl, routes, app.get(HttpAdapterHost), app.get(Metrics, { strict: false })),
  );
  app.useGlobalPipes(new ValidationPipe());
  const policy = options.origins?.(app) ?? listedIn(settings);
  adapter.registerSecurityHook(onEveryResponse(headers, policy, settings.publicUrl));
  releaseConnections(instance, app.get(Readiness));
  return app;
}

function listedIn({ publicUrl, corsOrigins }: HttpSettings): OriginPolicy {
  const origins = new Set([new URL(publicUrl).origin, ...corsOrigins]);
  return { allows: (origin) => origins.has(origin) };
}

function createAdapter(logger: Logger, settings: HttpSettings, headers: Record<string, string>): FastifyAdapter {
  const errors = new FrameworkErrors(settings.publicUrl, headers);
  return new FastifyAdapter({
    loggerInstance: logger as never,
    logController: new RequestLog(),
    genReqId: requestId,
    bodyLimit,
    // Addresses or networks, or all. (A number of hops, which the type of the setting allows, makes Fastify trust nobody.)
    trustProxy: settings.trustProxy as boolean | string,
    // Slow senders are cut off: the largest request of this API is 16 KiB of headers and a body of 16 KiB.
    requestTimeout: 30_000,
    // Requests that are being answered are finished; what arrives on their connections meanwhile is still answered, and
    // told that the connection closes. A 503 here would be a lost request for no reason.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: 128,
    },
    frameworkErrors: errors.onRoute as never,
    clientErrorHandler: errors.onSocket as never,
  });
}

/** How long a connection that has asked nothing yet may take to do so once the service stops, in milliseconds. */
const FIRST_REQUEST_MS = 500;

/**
 * How long answers may take once the service stops, in milliseconds: as long as a request may. A server that closes no
 * longer times its requests, so a client that does not read its answer, or never ends its request, would hold it for good.
 */
const LAST_ANSWERS_MS = 30_000;

/** Lets every connection go after the answer that is being made, so that `close()` waits for answers and nothing else. */
function releaseConnections(instance: FastifyInstance, readiness: Readiness): void {
  instance.addHook('onSend', (_request, reply, payload, done) => {
    if (readiness.shuttingDown) void reply.header('connection', 'close');
    done(null, payload);
  });
  spareUnreadAnswers(instance.server);
  // Browsers open connections before they need them. Node counts one that has asked nothing as busy.
  const unused = new Set<Socket>();
  instance.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  instance.server.on('request', ({ socket }) => unused.delete(socket));
  instance.addHook('preClose', (done) => {
    // A first request may be on its way.
    setTimeout(() => unused.forEach((socket) => socket.destroy()), FIRST_REQUEST_MS).unref();
    setTimeout(() => instance.server.closeAllConnections(), LAST_ANSWERS_MS).unref();
    readiness.shutDown();
    // For event streams, whose headers are long gone: without it their idle connections hold the server for a minute.
    instance.server.keepAliveTimeout = 1;
    done();
  });
}

/**
 * What Nest's adapter runs first of all for each request, unknown paths and malformed targets included. It writes to
 * Node's response: Fastify's own headers, which a route may set, win over it.
 */
function onEveryResponse(headers: Record<string, string>, policy: OriginPolicy, publicUrl: string) {
  const refused = new RefusedOrigins(publicUrl, policy.disabledAt?.bind(policy));
  const entries = Object.entries({ ...headers, 'cache-control': 'no-store' });
  return (request: FastifyRequest, response: ResponseHeaders): undefined => {
    for (const [name, value] of entries) response.setHeader(name, value);
    response.setHeader('x-request-id', request.id);
    allowOrigin(request, response, policy, refused);
    return undefined;
  };
}
