import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseSettings } from '../config.js';
import { connectionOptions } from './data-source.js';
import type { Queryable } from './database.js';

/** A server that has not answered by then will not: the next query tries again. */
const CONNECT_TIMEOUT_MS = 3_000;

/** How long a server may take to hear that the connection ends; it may be out of reach. */
const GOODBYE_MS = 1_000;

/**
 * One connection outside of the pool, for what must go on when requests have taken every connection of it. Opened at the
 * first query, and anew after each failure, so that the next query starts afresh. It keeps no state between queries (no
 * prepared names, no settings), so it also works behind a pooler that hands out connections by transaction.
 */
export class ReservedConnection implements Queryable {
  private client: pg.Client | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private closed = false;

  /** `name` is its application_name; a query that takes longer than `limitMs` fails and takes the connection along. */
  constructor(
    private readonly settings: DatabaseSettings,
    private readonly name: string,
    private readonly limitMs: number,
  ) {}

  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.inTurn(() => this.send<Row>(sql, parameters));
  }

  /** All statements of `work` see the database as it stood at the first of them. They can only read. */
  snapshot<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      try {
        await this.send('begin isolation level repeatable read read only', []);
        const result = await work({ query: (sql, parameters = []) => this.send(sql, parameters) });
        await this.send('commit', []);
        return result;
      } catch (error) {
        // Whatever state the transaction was left in ends with its connection.
        this.drop();
        throw error;
      }
    });
  }

  /** Lets what was asked before be answered, for a second at most, and nothing after it. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.race([this.turn.then(() => this.client?.end()), delay(GOODBYE_MS, undefined, { ref: false })]);
    this.drop();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new Error(`The connection ${this.name} is closed.`));
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async send<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    const client = (this.client ??= await this.open());
    try {
      const { rows } = await client.query<Row & pg.QueryResultRow>(sql, parameters);
      return rows;
    } catch (error) {
      // What the server says of a statement leaves the connection as it was; anything else is about the connection.
      if (!(error instanceof pg.DatabaseError)) this.drop();
      throw error;
    }
  }

  private async open(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionOptions(this.settings),
      application_name: this.name,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: this.limitMs,
      keepAlive: true,
    });
    const lose = () => {
      if (this.client === client) this.client = null;
    };
    client.on('error', lose).on('end', lose);
    try {
      await client.connect();
      return client;
    } catch (error) {
      // After a time-out in the middle of signing in, its socket is still open.
      cut(client);
      throw error;
    }
  }

  private drop(): void {
    const { client } = this;
    this.client = null;
    if (client) cut(client);
  }
}

/** Ends a connection without a goodbye, which a server that is out of reach would never hear. */
export function cut(client: pg.Client): void {
  socketOf(client).destroy();
}

/** As `cut`, and waits until the client knows, which is a moment later. */
export async function cutOff(client: pg.Client): Promise<void> {
  if (socketOf(client).destroyed) return;
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  cut(client);
  await ended;
}

function socketOf(client: pg.Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}
