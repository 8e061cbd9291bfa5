import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';

/** Between two looks at the event loop, in milliseconds. */
const RESOLUTION_MS = 20;

/**
 * Answers `GET /metrics` on a port of its own, which is nobody's business but the monitoring's: what the service is
 * reached at never shows it.
 */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(MetricsServer.name);
  private readonly loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private server: Server | null = null;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.measure('portcullis_event_loop_delay_seconds', () => this.readLoop());
  }

  /** The port it listens on; null without METRICS_PORT. */
  get port(): number | null {
    return this.server ? (this.server.address() as AddressInfo).port : null;
  }

  /** Throws when the port is taken: monitoring that silently watches another process helps nobody. */
  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort, host, background } = this.config;
    // A command has the modules of the service too, and must not want its port.
    if (metricsPort === undefined || !background) return;
    this.loop.enable();
    const server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(metricsPort, host, resolve);
    });
    this.server = server;
    this.logger.log({ message: 'Metrics are at /metrics.', port: this.port });
  }

  async onApplicationShutdown(): Promise<void> {
    this.loop.disable();
    const { server } = this;
    if (!server) return;
    this.server = null;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    try {
      const text = await this.metrics.text();
      response.writeHead(200, { 'content-type': this.metrics.contentType, 'cache-control': 'no-store' }).end(text);
    } catch (error) {
      this.logger.error({ message: 'The metrics cannot be read.', error });
      response.writeHead(500).end();
    }
  }

  /** Seconds, without the pause between two looks, which is no delay. */
  private readLoop(): Record<'0.5' | '0.99' | '1', number> {
    const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3) || 0;
    const { loop } = this;
    const read = { '0.5': delay(loop.percentile(50)), '0.99': delay(loop.percentile(99)), '1': delay(loop.max) };
    loop.reset();
    return read;
  }
}
