import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { KeySet } from '@portcullis/verifier';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { AppError } from '../common/errors/app-error.js';
import { Readiness } from '../common/readiness.js';
import { Config } from '../config.js';
import { openPrivateKey, sealPrivateKey } from './key-encryption.js';
import type { SigningAlgorithm, SigningKeyStatus } from './signing-key.entity.js';
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

/** The keys that sign access tokens. Private halves are in the clear only in this process's memory. */
@Injectable()
export class KeysService implements OnApplicationBootstrap {
  private readonly logger = new Logger(KeysService.name);
  private active: ActiveKey | null = null;
  private published: SigningKeyRow[] = [];
  private loading: Promise<void> | null = null;
  private failing = false;

  /** What tokens are verified with: also withdrawn keys, whose tokens the deny-list then refuses by name. */
  readonly verificationKeys = new KeySet();

  constructor(
    private readonly config: Config,
    private readonly keys: SigningKeysRepository,
    readiness: Readiness,
  ) {
    readiness.add('signing key', async () =>
      this.active ? null : 'No signing key is loaded. Run the migrations, and see the log for why.',
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.load();
  }

  @Interval(RETRY_MS)
  async retry(): Promise<void> {
    if (!this.active) await this.load();
  }

  /** Makes the first keys (one to sign, one published on standby) when there are none, and loads what there is. */
  @Interval(RELOAD_MS)
  load(): Promise<void> {
    this.loading ??= this.readKeys().finally(() => (this.loading = null));
    return this.loading;
  }

  /** The key that signs now. Throws `unavailable` until keys are loaded. */
  signingKey(): ActiveKey {
    if (!this.active) throw new AppError('unavailable', { log: 'no signing key is loaded', retryAfter: 1 });
    return this.active;
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

  private async readKeys(): Promise<void> {
    try {
      await this.keys.insertFirst(() => [this.make('active'), this.make('standby')]);
      this.use(await this.keys.list());
      this.failing = false;
    } catch (error) {
      // One line when it begins to fail, not one a second.
      if (!this.failing) this.logger.error({ message: 'The signing keys could not be loaded.', error });
      this.failing = true;
    }
  }

  private use(rows: SigningKeyRow[]): void {
    for (const row of rows) {
      if (this.verificationKeys.get(row.kid)) continue;
      const key = createPublicKey({ key: row.public_jwk, format: 'jwk' });
      this.verificationKeys.set({ kid: row.kid, alg: row.algorithm, key });
    }
    this.published = rows.filter((row) => row.status !== 'withdrawn');
    const active = rows.find((row) => row.status === 'active');
    if (active && active.kid !== this.active?.kid) this.active = this.open(active);
  }

  private open(row: SigningKeyRow): ActiveKey {
    const pkcs8 = openPrivateKey(row.private_key_encrypted, row.kid, this.config.keyEncryptionKey);
    return {
      kid: row.kid,
      algorithm: row.algorithm,
      privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    };
  }

  private make(status: SigningKeyStatus): SigningKeyRow {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = thumbprint(jwk as { crv: string; kty: string; x: string; y: string });
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    return {
      kid,
      algorithm: 'ES256',
      public_jwk: jwk,
      private_key_encrypted: sealPrivateKey(pkcs8, kid, this.config.keyEncryptionKey),
      status,
    };
  }
}

/** RFC 7638 §3.2: the required members of an EC key in lexicographic order. */
function thumbprint({ crv, kty, x, y }: { crv: string; kty: string; x: string; y: string }): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
