import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';

/** What a server says at the start of a session, as far as a driver wants to know. */
const PARAMETERS = { client_encoding: 'UTF8', standard_conforming_strings: 'on', integer_datetimes: 'on' };

/** Settings that clients ask for at the start of a session, and that nobody passes on. */
const IGNORED = new Set(['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']);

/**
 * Hands out connections by transaction, as pgbouncer does with `pool_mode = transaction`: each transaction runs on the
 * server connection that was used longest ago. What a session is asked to remember is forgotten, or somebody else's.
 */
export interface TransactionPooler {
  /** The address of the database, by way of the pooler. */
  url: string;
  /** Transactions so far. */
  readonly transactions: number;
  close(): Promise<void>;
}

interface ServerConnection {
  client: pg.Client;
  stream: Socket;
}

/** `size`: connections to the server. */
export async function startPooler(databaseUrl: string, size: number): Promise<TransactionPooler> {
  const idle: ServerConnection[] = await Promise.all(Array.from({ length: size }, () => connect(databaseUrl)));
  const all = new Set(idle);
  const waiting: ((server: ServerConnection) => void)[] = [];
  const clients = new Set<Socket>();
  let transactions = 0;

  const release = (server: ServerConnection) => {
    transactions += 1;
    const next = waiting.shift();
    if (next) next(server);
    else idle.push(server);
  };
  const acquire = (): Promise<ServerConnection> => {
    const server = idle.shift();
    return server ? Promise.resolve(server) : new Promise((resolve) => waiting.push(resolve));
  };
  /** A transaction that its client left open ends with its connection. */
  const replace = async (server: ServerConnection) => {
    all.delete(server);
    server.stream.destroy();
    const fresh = await connect(databaseUrl).catch(() => null);
    if (fresh) release(all.add(fresh) && fresh);
  };

  const server = createServer((client) => {
    clients.add(client.on('error', () => undefined).on('close', () => clients.delete(client)));
    serve(client, acquire, release, replace);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get transactions() {
      return transactions;
    },
    close: async () => {
      clients.forEach((client) => client.destroy());
      await new Promise((resolve) => server.close(resolve));
      all.forEach(({ stream }) => stream.destroy());
    },
  };
}

/** One client: whole messages go to the server connection it has, and back, until that says to be idle. */
function serve(
  client: Socket,
  acquire: () => Promise<ServerConnection>,
  release: (server: ServerConnection) => void,
  replace: (server: ServerConnection) => Promise<void>,
): void {
  let mine: ServerConnection | null = null;
  /** Questions that are not answered yet: each ends with ReadyForQuery. */
  let open = 0;
  const split = splitter(false);
  const answer = (server: ServerConnection) => {
    const splitAnswers = splitter(true);
    server.stream.removeAllListeners('data').on('data', (bytes: Buffer) => {
      for (const { type, message } of splitAnswers(bytes)) {
        client.write(message);
        if (type !== 'Z' || (open -= 1) > 0 || message[5] !== 'I'.charCodeAt(0)) continue;
        mine = null;
        server.stream.removeAllListeners('data');
        release(server);
      }
    });
  };
  let turn = Promise.resolve();
  client.on('data', (bytes: Buffer) => {
    for (const { type, message } of split(bytes)) {
      if (type === 'start') greet(client, message);
      else if (type !== 'X')
        turn = turn.then(async () => {
          if (client.destroyed) return;
          if (!mine) answer((mine = await acquire()));
          if (type === 'Q' || type === 'S') open += 1;
          mine.stream.write(message);
        });
    }
  });
  client.on('close', () => void turn.then(() => mine && replace(mine)));
}

/** Authentication is not what is tried here. */
function greet(client: Socket, startup: Buffer): void {
  const [...words] = startup.toString('utf8', 8).split('\0');
  const asked = words.filter((_, index) => index % 2 === 0 && words[index] !== '');
  const unknown = asked.filter((name) => /timeout/.test(name) && !IGNORED.has(name));
  if (unknown.length > 0) throw new Error(`unsupported startup parameter: ${unknown.join()}`);
  client.write(message('R', Buffer.alloc(4)));
  for (const [name, value] of Object.entries(PARAMETERS))
    client.write(message('S', Buffer.from(`${name}\0${value}\0`)));
  client.write(message('K', Buffer.alloc(8)));
  client.write(message('Z', Buffer.from('I')));
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Whole messages of a stream (Frontend/Backend Protocol, "Message Formats"); a client's first one has no type. */
function splitter(started: boolean): (bytes: Buffer) => { type: string; message: Buffer }[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const messages = [];
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return messages;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return messages;
      messages.push({ type: started ? String.fromCharCode(rest[0]!) : 'start', message: rest.subarray(0, length) });
      rest = rest.subarray(length);
      started = true;
    }
  };
}

/** The driver signs in; from then on nobody listens to it but whoever has it. */
async function connect(databaseUrl: string): Promise<ServerConnection> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'pooler' });
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data').on('error', () => undefined);
  return { client, stream };
}
