import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from './service.js';

export interface FrontEnd {
  url: string;
  close(): Promise<void>;
}

/**
 * The host of a front end on another site: it has pages of its own, and passes on `/v1` to the service. Nothing else is
 * needed: no header is rewritten, cookies go through as they are and so belong to this host. `/api` goes to an API of its
 * own, where there is one.
 */
export async function startFrontEnd(service: Service, api?: { url: string }): Promise<FrontEnd> {
  const behind = (path = '') => (path.startsWith('/v1/') ? service : path.startsWith('/api/') ? api : undefined);
  const server = createServer((incoming, outgoing) => {
    const target = behind(incoming.url);
    if (target === undefined) {
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A page of its own</title>');
      return;
    }
    const { method, headers } = incoming;
    const forwarded = { ...headers, 'x-forwarded-for': '203.0.113.7' };
    const passed = forward(target.url + incoming.url, { method: method ?? 'GET', headers: forwarded }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
