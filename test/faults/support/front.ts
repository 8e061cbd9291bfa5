import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Instance } from './instance.js';

/** Milliseconds between two looks at an instance's readiness. */
const CHECK_MS = 200;

/**
 * A balancer of the plainest kind: in turn to whoever says to be ready, over kept connections, WebSockets too. It retries
 * nothing.
 */
export interface Front {
  url: string;
  /** The instances that get requests at this moment. */
  inRotation(): number[];
  /** What could not be passed on, one line each. */
  readonly failures: string[];
  close(): Promise<void>;
}

export async function startFront(instances: Instance[]): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  let rotation = instances;
  let turn = 0;
  const check = async () => {
    const ready = await Promise.all(instances.map((instance) => instance.ready()));
    rotation = instances.filter((_, index) => ready[index]);
  };
  const timer = setInterval(() => void check(), CHECK_MS);

  const server = createServer((incoming, outgoing) => {
    const instance = rotation[turn++ % rotation.length];
    if (instance) return pass(incoming, outgoing, instance, agent, failures);
    failures.push(`${incoming.method} ${incoming.url}: nobody is ready`);
    return outgoing.writeHead(502).end();
  });
  const tunnels = new Set<Duplex>();
  server.on('upgrade', (incoming, client, head) => {
    const instance = rotation[turn++ % rotation.length];
    if (!instance) return client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    tunnels.add(client.on('close', () => tunnels.delete(client)));
    return tunnel(incoming, client, head, instance, failures);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inRotation: () => rotation.map(({ number }) => number),
    failures,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      tunnels.forEach((client) => client.destroy());
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { url, number }: Instance,
  agent: Agent,
  failures: string[],
): void {
  const fail = (error: Error) => {
    // Whoever asked has gone: nobody's failure.
    if (incoming.socket.destroyed) return;
    failures.push(`${incoming.method} ${incoming.url}: instance ${number}: ${error.message}`);
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end();
  };
  const { method, headers } = incoming;
  const upstream = request(url + incoming.url, { method, headers, agent }, (answer) => {
    // How the connection to the instance ends is between the two of them.
    const { connection: _, 'keep-alive': __, ...passed } = answer.headers;
    outgoing.writeHead(answer.statusCode!, passed);
    answer.on('error', fail).pipe(outgoing);
  });
  upstream.on('error', fail);
  incoming.pipe(upstream);
  outgoing.on('close', () => upstream.destroy());
}

/** From the handshake on every byte passes as it is. */
function tunnel(
  { method, url: path, rawHeaders }: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { url, number }: Instance,
  failures: string[],
): void {
  const upstream = connect(Number(new URL(url).port), '127.0.0.1');
  upstream.on('error', (error) => {
    if (!client.destroyed) failures.push(`WebSocket ${path}: instance ${number}: ${error.message}`);
    client.destroy();
  });
  client.on('error', () => upstream.destroy());
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  upstream.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  upstream.write(head);
  upstream.pipe(client).pipe(upstream);
}
