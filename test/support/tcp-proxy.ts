import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between an instance and its database, so that a test can take the database away. */
export interface TcpProxy {
  /** The address of the database, by way of the proxy. */
  url: string;
  /** Ends every connection and refuses new ones: a database that was stopped. */
  cut(): void;
  /** Swallows every byte and answers nothing: a network that lost the way. */
  freeze(): void;
  /** The same for the connections there are; new ones pass: a firewall that forgot what it let through. */
  freezeOpen(): void;
  /** Holds back every byte of the connections there are: a machine or a network that stands still for a while. */
  hold(): void;
  /** Lets what was held back go on where it was. */
  goOn(): void;
  /** Resets the connections there are; new ones pass. */
  reset(): void;
  /** Ends the connections that were frozen, and lets new ones through. */
  heal(): void;
  /** Leads new connections to another port of the same host. */
  aim(port: number): void;
  close(): Promise<void>;
}

/** `onSent`: every byte that a client sends, by the connection. */
export async function startProxy(
  databaseUrl: string,
  onSent: (client: Socket, bytes: Buffer) => void = () => undefined,
): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let port = Number(target.port || 5432);
  let state: 'open' | 'cut' | 'frozen' = 'open';
  const endAll = () => sockets.forEach((socket) => socket.destroy());
  const frozen = new Set<Socket>();

  const server = createServer((client) => {
    sockets.add(client.on('error', () => undefined));
    if (state === 'cut') return client.destroy();
    const upstream = connect(port, target.hostname).on('error', () => undefined);
    sockets.add(upstream);
    client.on('data', (bytes: Buffer) => onSent(client, bytes));
    const passes = () => state !== 'frozen' && !frozen.has(client);
    client.on('data', (bytes) => passes() && upstream.write(bytes)).on('close', () => upstream.destroy());
    upstream.on('data', (bytes) => passes() && client.write(bytes)).on('close', () => client.destroy());
    return client;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut: () => {
      state = 'cut';
      endAll();
    },
    freeze: () => {
      state = 'frozen';
    },
    freezeOpen: () => sockets.forEach((socket) => frozen.add(socket)),
    hold: () => sockets.forEach((socket) => socket.pause()),
    goOn: () => sockets.forEach((socket) => socket.resume()),
    reset: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    heal: () => {
      state = 'open';
      endAll();
    },
    aim: (other) => {
      port = other;
    },
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
