import { Injectable } from '@nestjs/common';
import { hash, verify, type Options } from '@node-rs/argon2';
import { availableParallelism } from 'node:os';
import { AppError } from '../common/errors/app-error.js';
import { BoundedQueue } from './bounded-queue.js';
import { normalisePassword } from './password-policy.js';

/** The library's `Algorithm.Argon2id`, an ambient enum that cannot be imported file by file. */
const ARGON2ID = 2;

/** OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane. Raising it re-hashes at sign-in. */
const ARGON2: Options = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Of libuv's four threads, which also look up names and read files: one is left for these. */
const THREADS = 3;

/** Hashes at a time: one core is left for requests, as a hash is some 20 ms of nothing but work. */
const CONCURRENCY = Math.max(1, Math.min(THREADS, availableParallelism() - 1));

/** Hashes that may wait, so about a second and a half of patience on one core; past it callers are told to come back. */
const CAPACITY = 64;

export interface PasswordVerdict {
  correct: boolean;
  /** Whether the stored hash is weaker than what is made today. */
  outdated: boolean;
}

/** Hashing and verifying, on libuv's threads and never more at a time than the machine can take. */
@Injectable()
export class PasswordsService {
  private readonly queue = new BoundedQueue(
    CONCURRENCY,
    CAPACITY,
    () => new AppError('too_many_requests', { log: 'the password queue is full', retryAfter: 1 }),
  );
  /** The hash of no password, so that an unknown account takes as long as a known one. */
  private readonly nobody = this.queue.run(() => hash('nobody has this password', ARGON2));

  /** An Argon2id hash in PHC format. Throws `too_many_requests` when too many wait. */
  hash(password: string): Promise<string> {
    return this.queue.run(() => hash(normalisePassword(password), ARGON2));
  }

  /** Compares with a stored hash; with null (no account, no password) it takes as long and says no. */
  async verify(stored: string | null, password: string): Promise<PasswordVerdict> {
    const against = stored ?? (await this.nobody);
    const matches = await this.queue.run(() => verify(against, normalisePassword(password)));
    return { correct: matches && stored !== null, outdated: isWeaker(against) };
  }
}

function isWeaker(phc: string): boolean {
  const [, memory, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(phc) ?? [];
  return Number(memory ?? 0) < ARGON2.memoryCost! || Number(passes ?? 0) < ARGON2.timeCost!;
}
