import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { KeySet } from '@portcullis/verifier';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../common/errors/app-error.js';
import { Readiness } from '../common/readiness.js';
import { Config } from '../config.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyVault } from './key-vault.js';
import type { SigningAlgorithm } from './signing-key.entity.js';
import { SigningKeysRepository, type SigningKeyRow } from './signing-keys.repository.js';

export interface ActiveKey {
  kid: string;
  algorithm: SigningAlgorithm;
  privateKey: KeyObject;
}

/** How often an instance looks for keys that others made, in milliseconds. */
const RELOAD_MS = 60_000;

/** How soon an instance without a key to sign with looks again, in milliseconds. */
const RETRY_MS = 1_000;

/** Milliseconds between two looks for keys that tokens name and nobody here knows: anyone can send such a token. */
const LOOK_MS = 1_000;

/** As the service names its keys (RFC 7638). Nothing else is looked for. */
const KID = /^[\w-]{43}$/;

/** The keys that sign access tokens. Private halves are in the clear only in this process's memory. */
@Injectable()
export class KeysService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KeysService.name);
  private active: ActiveKey | null = null;
  private published: SigningKeyRow[] = [];
  private running: Promise<void> = Promise.resolve();
  /** The load after the running one; null when nobody waits for it. */
  private upcoming: Promise<void> | null = null;
  private looking: Promise<void> | null = null;
  private lookedAt = -Infinity;
  private failing = false;
  /** There is a key to sign with, and KEY_ENCRYPTION_KEY does not open it. */
  private sealed = false;
  private unsubscribe: (() => void) | undefined;

  /** What tokens are verified with: also withdrawn keys, whose tokens the deny-list then refuses by name. */
  readonly verificationKeys = new KeySet();

  constructor(
    private readonly config: Config,
    private readonly keys: SigningKeysRepository,
    private readonly vault: KeyVault,
    private readonly rotation: KeyRotationService,
    private readonly sync: RevocationSync,
    readiness: Readiness,
  ) {
    readiness.add('signing key', async () => (this.active ? null : this.describeMissingKey()));
  }

  onModuleInit(): void {
    // A withdrawn key must not sign a moment longer than others accept what it signs.
    this.unsubscribe = this.sync.subscribe((entries) => {
      if (entries.some(({ kind }) => kind === 'key')) void this.load();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.background) return;
    await this.load();
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  @Interval(RETRY_MS)
  async retry(): Promise<void> {
    if (!this.active) await this.load();
  }

  /** Reads the keys anew, and does first what they need: the first ones, a standby, a rotation that is due. */
  @Interval(RELOAD_MS)
  load(): Promise<void> {
    // One begun after this call: what the running one read may be from before what its caller did.
    this.upcoming ??= this.running.then(() => {
      this.upcoming = null;
      this.running = this.readKeys();
      return this.running;
    });
    return this.upcoming;
  }

  /** The key that signs now. Throws `unavailable` until keys are loaded, and while the one loaded is withdrawn. */
  signingKey(): ActiveKey {
    if (this.active && !this.isDenied(this.active.kid)) return this.active;
    throw new AppError('unavailable', { log: 'no signing key is loaded', retryAfter: 1 });
  }

  /** Looks anew where the key loaded was withdrawn a moment ago. Throws as `signingKey`. */
  async ensureSigningKey(): Promise<void> {
    if (this.active && this.isDenied(this.active.kid)) await this.load();
    this.signingKey();
  }

  /**
   * The public keys as a JWK Set (RFC 7517 §5): standby keys too, so that verifiers know them before they sign. Throws
   * `unavailable` until keys are loaded: verifiers would keep an empty set.
   */
  jwks(): { keys: Record<string, unknown>[] } {
    if (this.published.length === 0) throw new AppError('unavailable', { log: 'no key is loaded', retryAfter: 1 });
    return {
      keys: this.published.map((row) => ({ ...row.public_jwk, kid: row.kid, alg: row.algorithm, use: 'sig' })),
    };
  }

  /**
   * Looks for a key that a token names and this instance does not know: another one may have made it a moment ago.
   * Whether it is there now. At most one look a second, which all who ask share. Throws `unavailable` when nobody could
   * look: then the token may be a good one.
   */
  async learn(kid: string): Promise<boolean> {
    if (!KID.test(kid)) return false;
    this.looking ??= this.look();
    await this.looking;
    if (this.verificationKeys.get(kid) !== undefined) return true;
    if (this.failing) throw new AppError('unavailable', { log: 'a key cannot be looked for', retryAfter: 1 });
    return false;
  }

  private async look(): Promise<void> {
    await delay(Math.max(0, this.lookedAt + LOOK_MS - performance.now()), undefined, { ref: false });
    this.lookedAt = performance.now();
    this.looking = null;
    await this.load();
  }

  private async readKeys(): Promise<void> {
    try {
      const rows = await this.keys.list();
      // Throws where the signing key does not open: what this instance sealed, the others could not open either.
      this.use(rows);
      const denied = rows.filter(({ kid, status }) => status !== 'withdrawn' && this.isDenied(kid));
      await this.keepUp(rows, denied);
      this.failing = false;
    } catch (error) {
      // One line when it begins to fail, not one a second.
      if (!this.failing) this.logger.error({ message: 'The signing keys could not be loaded.', error });
      this.failing = true;
    }
  }

  private async keepUp(rows: SigningKeyRow[], denied: SigningKeyRow[]): Promise<void> {
    const kids = denied.map(({ kid }) => kid);
    if (!this.config.background || !this.rotation.isDue(rows, kids)) return;
    await this.rotation.keepUp(kids);
    this.use(await this.keys.list());
  }

  private use(rows: SigningKeyRow[]): void {
    const verifying = rows.filter((row) => row.published || row.status === 'withdrawn');
    this.verificationKeys.replace(
      verifying.map((row) => ({
        kid: row.kid,
        alg: row.algorithm,
        key: createPublicKey({ key: row.public_jwk, format: 'jwk' }),
      })),
    );
    this.published = rows.filter((row) => row.published);
    const active = rows.find((row) => row.status === 'active');
    if (active?.kid === this.active?.kid) return;
    // Should the new one not open, nothing signs: the old one is on its way out.
    this.active = null;
    this.sealed = active !== undefined;
    if (active) this.active = { kid: active.kid, algorithm: active.algorithm, privateKey: this.vault.open(active) };
  }

  private describeMissingKey(): string {
    return this.sealed
      ? 'The signing key does not open. Set KEY_ENCRYPTION_KEY to that of the instances that run already.'
      : 'No signing key is loaded. Run the migrations, and see the log for why.';
  }

  private isDenied(kid: string): boolean {
    return this.sync.index.key.has(kid);
  }
}
