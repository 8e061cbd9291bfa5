import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config.js';
import { connectionOptions } from './data-source.js';

/** The advisory lock of each job that one instance does for all: arbitrary constants, the same in every version. */
const LOCKS = {
  'deny-list purge': 7_203_002,
  'sessions purge': 7_203_003,
  'audit purge': 7_203_006,
  'instances purge': 7_203_007,
  'rate limits purge': 7_203_008,
} as const;

export type FleetJob = keyof typeof LOCKS;

/** How often the connection that holds a lock says a word, in milliseconds. */
const PING_MS = 10_000;

/** A holder that says nothing for so long (frozen, or cut off) is no holder any more. Milliseconds. */
const SILENT_MS = 30_000;

/** Milliseconds for connecting, and for the answer to a word. */
const ANSWER_MS = 5_000;

/**
 * Jobs that one instance at a time does for the whole fleet. Each holds a lock that belongs to an open transaction of a
 * connection of its own: it ends with the process that holds it, it also holds behind a pooler that hands out connections
 * by transaction, and it takes no connection from the requests.
 */
@Injectable()
export class FleetJobs implements BeforeApplicationShutdown {
  private readonly running = new Map<AbortController, Promise<unknown>>();
  private stopping = false;

  constructor(private readonly config: Config) {}

  /**
   * What `work` returned; null when another instance is at this job, or this one is stopping. `signal` says that it is to
   * end: when this instance stops, or may no longer be the only one. What the work does must be right even if two do it
   * for a moment, as no lock can stop a process that was frozen and comes back.
   */
  async run<T>(job: FleetJob, work: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    if (this.stopping) return null;
    const stop = new AbortController();
    const running = this.whileAlone(LOCKS[job], work, stop);
    this.running.set(
      stop,
      running.catch(() => undefined),
    );
    return running.finally(() => this.running.delete(stop));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const stop of this.running.keys()) stop.abort();
    await Promise.all(this.running.values());
  }

  private async whileAlone<T>(
    lock: number,
    work: (signal: AbortSignal) => Promise<T>,
    stop: AbortController,
  ): Promise<T | null> {
    const client = new pg.Client({
      ...connectionOptions(this.config),
      application_name: 'portcullis-jobs',
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    const lose = () => stop.abort();
    client.on('error', lose).on('end', lose);
    const ping = setInterval(() => void client.query('select 1').catch(lose), PING_MS).unref();
    try {
      await client.connect();
      return (await tryLock(client, lock)) ? await work(stop.signal) : null;
    } finally {
      clearInterval(ping);
      await client.end().catch(() => undefined);
    }
  }
}

async function tryLock(client: pg.Client, lock: number): Promise<boolean> {
  await client.query(`begin; set local idle_in_transaction_session_timeout = ${SILENT_MS}`);
  // Without parameters: a portal with some would keep its snapshot, and so keep the vacuum from cleaning up.
  const { rows } = await client.query<{ got: boolean }>(`select pg_try_advisory_xact_lock(${lock}) as got`);
  return rows[0]?.got === true;
}
