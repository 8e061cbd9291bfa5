import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';
import { connectionOptions } from '../database/data-source.js';
import { cut } from '../database/reserved-connection.js';

/** Where committing transactions tell that the log goes on, as `<epoch>:<seq>`. */
export const HINT_CHANNEL = 'portcullis_revocations';

/** Milliseconds between two heartbeats; also how long a connection, a statement or a heartbeat may take. */
const HEARTBEAT_MS = 3_000;

/** Milliseconds until a lost connection is opened anew: the first time, and at most. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface HintReceiver {
  /** Somebody says that the log goes on. It may be wrong, and anybody may say it. */
  onHint(payload: string): void;
  /** From now on hints arrive; what happened before has to be looked up. */
  onListening(): void;
}

/**
 * Listens for hints that the log of revocations goes on, on a connection that does nothing else. A connection that fails
 * silently is noticed by its heartbeat within six seconds. Nothing depends on hints: they only bring the next look at
 * the log forward.
 */
@Injectable()
export class RevocationHints implements OnApplicationShutdown {
  private readonly logger = new Logger(RevocationHints.name);
  private readonly stopping = new AbortController();
  private client: pg.Client | null = null;
  private isListening = false;
  private wasLost = false;
  private readonly reconnected = new Set<() => void>();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.measure('portcullis_revocation_listener_up', () => Number(this.isListening));
  }

  /** Whether hints arrive, as far as the last heartbeat could tell. */
  get listening(): boolean {
    return this.isListening;
  }

  /** Calls `listener` whenever hints arrive again after they were lost. */
  onReconnect(listener: () => void): void {
    this.reconnected.add(listener);
  }

  /** Resolves when it listens, or when the first attempt failed and others will follow. */
  start(receiver: HintReceiver): Promise<void> {
    if (!this.config.revocationListen) return Promise.resolve();
    return new Promise((tried) => void this.run(receiver, tried));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    if (this.client) cut(this.client);
  }

  private async run(receiver: HintReceiver, tried: () => void): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; failures += 1) {
      const client = (this.client = this.createClient(receiver));
      try {
        const lost = whenLost(client);
        await client.connect();
        await client.query(`listen ${HINT_CHANNEL}`);
        this.noteListening();
        receiver.onListening();
        failures = 0;
        tried();
        await this.watch(client, lost);
      } catch (error) {
        this.noteLost(error);
      }
      cut(client);
      tried();
      await this.pause(failures);
    }
  }

  private createClient({ onHint }: HintReceiver): pg.Client {
    const client = new pg.Client({
      ...connectionOptions(this.config),
      application_name: 'portcullis-listen',
      connectionTimeoutMillis: HEARTBEAT_MS,
      query_timeout: HEARTBEAT_MS,
      keepAlive: true,
    });
    return client.on('notification', ({ payload = '' }) => onHint(payload));
  }

  /** Throws as soon as the connection is known to be of no use any more. */
  private async watch(client: pg.Client, lost: AbortSignal): Promise<never> {
    // Signals, not a race: a promise that outlives each race keeps all of them, which was 44 MB a day.
    const ended = AbortSignal.any([lost, this.stopping.signal]);
    for (;;) {
      await delay(HEARTBEAT_MS, undefined, { signal: ended, ref: false }).catch(() => ended.throwIfAborted());
      // Behind a pooler, each statement may run in another session, and none of them hears anything.
      const { rows } = await client.query('select 1 from pg_listening_channels() as channel where channel = $1', [
        HINT_CHANNEL,
      ]);
      if (rows.length === 0)
        throw new Error('The session does not listen any more. Behind a pooler, set REVOCATION_LISTEN=false.');
    }
  }

  /** Longer after each failure, and never the same for many instances that lost the same server. */
  private async pause(failures: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    const pause = longest * (0.5 + Math.random() / 2);
    await delay(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
  }

  private noteListening(): void {
    this.isListening = true;
    if (this.wasLost) {
      this.logger.log({ message: 'Hints of revocations arrive again.' });
      this.metrics.count('portcullis_revocation_listener_reconnects_total');
      for (const listener of this.reconnected) listener();
    }
    this.wasLost = false;
  }

  /** One line when they are lost and one when they are back, not one for each attempt. */
  private noteLost(error: unknown): void {
    this.isListening = false;
    if (this.stopping.signal.aborted || this.wasLost) return;
    this.wasLost = true;
    this.logger.warn({ message: 'Hints of revocations do not arrive; the log is read once a second.', error });
  }
}

/** Aborted, with the reason, when the connection ends. */
function whenLost(client: pg.Client): AbortSignal {
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(error)).on('end', () => lost.abort(new Error('The connection was ended.')));
  return lost.signal;
}
