import { Injectable } from '@nestjs/common';
import type { Options } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { AppError } from '../common/errors/app-error.js';
import { Metrics } from '../common/metrics/metrics.js';
import { BoundedQueue } from './bounded-queue.js';
import { HashingProcessesService } from './hashing-processes.service.js';
import type { HashingTask } from './hashing-worker.js';
import { normalisePassword } from './password-policy.js';

/** The library's `Algorithm.Argon2id`, an ambient enum that cannot be imported file by file. */
const ARGON2ID = 2;

/** OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane. Raising it re-hashes at sign-in. */
const ARGON2 = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } satisfies Options;

/** Some 70 MiB each, at work. Four hash 200 passwords a second, which is more sign-ins than one instance sees. */
const MOST_PROCESSES = 4;

/** Hashes at a time: one core is left for requests, as a hash is some 20 ms of nothing but work. */
const CONCURRENCY = Math.max(1, Math.min(MOST_PROCESSES, availableParallelism() - 1));

/** Hashes that may wait, so about a second and a half of patience on one core; past it callers are told to come back. */
const CAPACITY = 64;

/** A hash of no password, so that an unknown account takes as long as a known one. */
const NOBODY = phc(randomBytes(16), randomBytes(32));

export interface PasswordVerdict {
  correct: boolean;
  /** Whether the stored hash is weaker than what is made today. */
  outdated: boolean;
}

/** Hashing and verifying, in processes of their own and never more at a time than the machine can take. */
@Injectable()
export class PasswordsService {
  private readonly queue = new BoundedQueue(
    CONCURRENCY,
    CAPACITY,
    () => new AppError('too_many_requests', { log: 'the password queue is full', retryAfter: 1 }),
  );

  constructor(
    private readonly processes: HashingProcessesService,
    metrics: Metrics,
  ) {
    metrics.measure('portcullis_password_queue_length', () => this.queue.length);
  }

  /** An Argon2id hash in PHC format. Throws `too_many_requests` when too many wait. */
  async hash(password: string): Promise<string> {
    return (await this.run({ kind: 'hash', password: normalisePassword(password), options: ARGON2 })) as string;
  }

  /** Compares with a stored hash; with null (no account, no password) it takes as long and says no. */
  async verify(stored: string | null, password: string): Promise<PasswordVerdict> {
    const hash = stored ?? NOBODY;
    const matches = await this.run({ kind: 'verify', password: normalisePassword(password), hash });
    return { correct: matches === true && stored !== null, outdated: isWeaker(hash) };
  }

  private run(task: HashingTask): Promise<string | boolean> {
    return this.queue.run(() => this.processes.run(task));
  }
}

/** A hash as today's parameters would make it, in the format in which it is stored. */
function phc(salt: Buffer, hash: Buffer): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const { memoryCost, timeCost, parallelism } = ARGON2;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

function isWeaker(phc: string): boolean {
  const [, memory, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(phc) ?? [];
  return Number(memory ?? 0) < ARGON2.memoryCost || Number(passes ?? 0) < ARGON2.timeCost;
}
