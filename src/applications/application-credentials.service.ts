import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import { ApplicationCredentialsRepository } from './application-credentials.repository.js';
import { basicCredentials, hashClientSecret, newClientSecret, type ClientCredentials } from './client-secret.js';

/** How long a secret that was taken away may still be good on an instance that nobody told, in milliseconds. */
const REREAD_MS = 10_000;

/** Wrong credentials cause no more than one read of the table in so many milliseconds, however many are tried. */
const RETRY_MS = 1_000;

/** Nobody's: what an unknown application is compared with, so that it takes as long as a known one. */
const NO_HASH = [Buffer.alloc(32)];

/** Tells which application a request comes from. By heart, so that a thousand followers cost the database nothing. */
@Injectable()
export class ApplicationCredentials {
  private readonly logger = new Logger(ApplicationCredentials.name);
  private hashes = new Map<string, Buffer[]>();
  private readAt = -Infinity;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly credentials: ApplicationCredentialsRepository,
  ) {}

  /** The id of the application that the request's credentials are of. Throws `client_credentials_invalid`. */
  async authenticate(request: Pick<FastifyRequest, 'headers'>): Promise<string> {
    const given = basicCredentials(request.headers.authorization);
    if (given === null) throw new AppError('client_credentials_invalid');
    if (this.age > REREAD_MS) await this.reread();
    if (!this.match(given) && this.age > RETRY_MS) await this.reread();
    if (!this.match(given)) throw new AppError('client_credentials_invalid', { log: 'wrong id or secret' });
    return given.applicationId;
  }

  /** Makes another secret of an application, and returns it: it cannot be read again. */
  async create(applicationId: string): Promise<string> {
    const secret = newClientSecret();
    await this.credentials.insert(applicationId, hashClientSecret(secret));
    this.readAt = -Infinity;
    return secret;
  }

  private get age(): number {
    return this.clock.monotonic() - this.readAt;
  }

  private match({ applicationId, secret }: ClientCredentials): boolean {
    const hash = hashClientSecret(secret);
    const known = this.hashes.get(applicationId);
    // Every one is compared, so that the time tells neither whether there is any nor which.
    const equal = (known ?? NO_HASH).map((one) => timingSafeEqual(one, hash));
    return known !== undefined && equal.includes(true);
  }

  /** One read for all who wait. Without a database, what was known before counts. */
  private reread(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<void> {
    const at = this.clock.monotonic();
    try {
      const rows = await this.credentials.list();
      const hashes = new Map<string, Buffer[]>();
      for (const { application_id: id, secret_hash: hash } of rows) hashes.set(id, [...(hashes.get(id) ?? []), hash]);
      this.hashes = hashes;
    } catch (error) {
      if (this.readAt === -Infinity) throw error;
      this.logger.warn({ message: 'The credentials of applications could not be read; those known count on.', error });
    }
    this.readAt = at;
  }
}
