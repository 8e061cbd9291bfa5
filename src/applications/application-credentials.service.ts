import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import type { Form } from '../common/http/form-body.js';
import { isOAuthEndpoint } from '../common/http/oauth-endpoint.js';
import { requestSource } from '../common/request-source.js';
import type { Transaction } from '../database/database.js';
import { RateLimitsService } from '../limits/rate-limits.service.js';
import { sourceNetwork } from '../limits/source-network.js';
import { ApplicationCredentialsRepository } from './application-credentials.repository.js';
import { ApplicationsService } from './applications.service.js';
import { hashClientSecret, newClientSecret, presentedCredentials } from './client-secret.js';

/** How long a secret that was taken away may still be good on an instance that nobody told, in milliseconds. */
const REREAD_MS = 10_000;

/** What is open by credentials has them read again by then: about a second is left for who asks once a second. */
const KEEP_UP_MS = 8_500;

/** What was known before counts for so many milliseconds while the table cannot be read: what failed may be mended. */
const MAX_AGE_MS = 60_000;

/** Wrong credentials cause no more than one read of the table in so many milliseconds, however many are tried. */
const RETRY_MS = 1_000;

/** Nobody's: what an unknown application is compared with, so that it takes as long as a known one. */
const NO_HASH = [Buffer.alloc(32)];

/** The application that a request comes from. */
export interface Client {
  applicationId: string;
  /** Whether it has proved that by a secret, or only says so. */
  authenticated: boolean;
}

/** Tells which application a request comes from. By heart, so that a thousand followers cost the database nothing. */
@Injectable()
export class ApplicationCredentials {
  private readonly logger = new Logger(ApplicationCredentials.name);
  private hashes = new Map<string, Buffer[]>();
  /** When the last read began, whatever came of it. */
  private readAt = -Infinity;
  /** When the last one did that went well. */
  private confirmedAt = -Infinity;
  /** How often something was changed here. */
  private changes = 0;
  private reading: Promise<void> | null = null;
  private readonly losses = new Set<(applicationId: string) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly credentials: ApplicationCredentialsRepository,
    private readonly applications: ApplicationsService,
    private readonly limits: RateLimitsService,
  ) {}

  /**
   * The id of the application whose credentials the request has: by HTTP Basic, or in the form of an OAuth endpoint.
   * Throws `client_credentials_invalid`, `validation_failed` for credentials given twice, `too_many_requests`, and
   * `unavailable` when the table could not be read for a minute.
   */
  async authenticate(request: FastifyRequest): Promise<string> {
    const { applicationId, authenticated } = await this.identify(request);
    if (!authenticated) throw new AppError('client_credentials_invalid', { log: 'no secret' });
    return applicationId;
  }

  /** As `authenticate`, but a public client need only say who it is (RFC 6749 §3.2.1). */
  async identify(request: FastifyRequest): Promise<Client> {
    const form = isOAuthEndpoint(request) ? ((request.body ?? {}) as Form) : null;
    const given = presentedCredentials(request.headers.authorization, form);
    if (given === null) throw new AppError('client_credentials_invalid');
    const { applicationId, secret } = given;
    if (secret === null) return this.publicClient(applicationId);
    // Twice, where something was changed during the first read.
    while (this.age > REREAD_MS) await this.reread();
    if ((this.isOutdated || !this.match(applicationId, secret)) && this.age > RETRY_MS) await this.reread();
    if (this.isOutdated) throw new AppError('unavailable', { log: 'credentials cannot be read', retryAfter: 1 });
    if (!this.match(applicationId, secret)) throw await this.refusal(request);
    return { applicationId, authenticated: true };
  }

  /** Makes another secret of an application, and returns it: it cannot be read again. */
  async create(applicationId: string): Promise<string> {
    const secret = newClientSecret();
    await this.credentials.insert(applicationId, hashClientSecret(secret));
    this.forget();
    return secret;
  }

  /** The same in a transaction, after which `forget` is called; those there are run out in `overlap` seconds. */
  async replace(
    tx: Transaction,
    applicationId: string,
    overlap: number,
  ): Promise<{ secretId: string; secret: string }> {
    const secret = newClientSecret();
    await this.credentials.purge(tx, applicationId);
    await this.credentials.runOut(tx, applicationId, overlap);
    return { secretId: await this.credentials.insert(applicationId, hashClientSecret(secret), tx), secret };
  }

  /** Ends one at once; false where the application has none of this id in use. `forget` is called after it. */
  end(tx: Transaction, applicationId: string, secretId: string): Promise<boolean> {
    return this.credentials.end(tx, applicationId, secretId);
  }

  /** The same for every secret of every application: which they were. */
  endAll(tx: Transaction): Promise<{ id: string; applicationId: string }[]> {
    return this.credentials.endAll(tx);
  }

  /** After a change: the next request reads the table, also where a read that began before is still at it. */
  forget(): void {
    this.changes += 1;
    this.readAt = -Infinity;
  }

  /** Calls `listener` with each application of which a secret is good no more, once that is known here. */
  onLoss(listener: (applicationId: string) => void): void {
    this.losses.add(listener);
  }

  /** For who keeps something open by credentials that were right: `onLoss` tells within ten seconds. Throws nothing. */
  async keepUp(): Promise<void> {
    if (this.age > KEEP_UP_MS) await this.reread().catch(() => undefined);
  }

  private get age(): number {
    return this.clock.monotonic() - this.readAt;
  }

  private get isOutdated(): boolean {
    return this.clock.monotonic() - this.confirmedAt > MAX_AGE_MS;
  }

  private async publicClient(applicationId: string): Promise<Client> {
    if (!this.applications.find(applicationId)) await this.applications.learn();
    if (this.applications.find(applicationId)) return { applicationId, authenticated: false };
    throw new AppError('client_credentials_invalid', { log: 'unknown id' });
  }

  /**
   * Counted for the source, and only after the secret was found wrong: whoever has a right one is never kept out, by
   * strangers or by a back end of theirs that still tries an old one.
   */
  private async refusal(request: FastifyRequest): Promise<AppError> {
    const subject = sourceNetwork(requestSource(request).ip);
    const limited = await this.limits.trySpending({ limit: 'client.source', subject }).catch(() => null);
    return limited ?? new AppError('client_credentials_invalid', { log: 'wrong id or secret' });
  }

  private match(applicationId: string, secret: string): boolean {
    const hash = hashClientSecret(secret);
    const known = this.hashes.get(applicationId);
    // Every one is compared, so that the time tells neither whether there is any nor which.
    const equal = (known ?? NO_HASH).map((one) => timingSafeEqual(one, hash));
    const isRight = known !== undefined && equal.includes(true);
    // The list leaves out disabled applications. Here one may have become one since it was read.
    return isRight && this.applications.find(applicationId)?.enabled !== false;
  }

  /** One read for all who wait. Without a database, what was known before counts, for a minute. */
  private reread(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<void> {
    const [at, changes] = [this.clock.monotonic(), this.changes];
    try {
      const rows = await this.credentials.list();
      const hashes = new Map<string, Buffer[]>();
      for (const { application_id: id, secret_hash: hash } of rows) hashes.set(id, [...(hashes.get(id) ?? []), hash]);
      const lost = lostBetween(this.hashes, hashes);
      this.hashes = hashes;
      this.confirmedAt = at;
      for (const applicationId of lost) for (const listener of this.losses) listener(applicationId);
    } catch (error) {
      if (this.readAt === -Infinity) throw error;
      this.logger.warn({ message: 'The credentials of applications could not be read; those known count on.', error });
    }
    if (changes === this.changes) this.readAt = at;
  }
}

/** The applications that had a hash which they have no more. */
function lostBetween(before: Map<string, Buffer[]>, after: Map<string, Buffer[]>): string[] {
  const isLost = (id: string, hash: Buffer) => !after.get(id)?.some((one) => one.equals(hash));
  return [...before].filter(([id, hashes]) => hashes.some((hash) => isLost(id, hash))).map(([id]) => id);
}
