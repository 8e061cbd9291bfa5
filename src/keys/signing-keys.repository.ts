import { Injectable } from '@nestjs/common';
import type { JsonWebKey } from 'node:crypto';
import { Database, type Queryable, type Transaction } from '../database/database.js';
import { PUBLISHED_AFTER_USE, type KeyState } from './key-plan.js';
import type { SigningAlgorithm } from './signing-key.entity.js';

export interface NewSigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  public_jwk: JsonWebKey;
  private_key_encrypted: Buffer;
}

export interface SigningKeyRow extends KeyState {
  public_jwk: JsonWebKey;
  /** Null once it signs no more. */
  private_key_encrypted: Buffer | null;
  created_at: Date;
  activated_at: Date | null;
  retired_at: Date | null;
  withdrawn_at: Date | null;
  /** Whether tokens of it may be alive, and it is not withdrawn. */
  published: boolean;
}

/** Serialises what changes the keys among all instances and commands. An arbitrary constant. */
const KEYS_LOCK = 7_203_001;

const COLUMNS = `kid, algorithm, public_jwk, private_key_encrypted, status,
  created_at, activated_at, retired_at, withdrawn_at,
  extract(epoch from now() - created_at)::float8 as age,
  extract(epoch from now() - activated_at)::float8 as "signedFor",
  status in ('standby', 'active')
    or (status = 'retired' and retired_at > now() - make_interval(secs => ${PUBLISHED_AFTER_USE})) as published`;

@Injectable()
export class SigningKeysRepository {
  constructor(private readonly database: Database) {}

  /** Every key that ever was, the newest first. */
  list(db: Queryable = this.database): Promise<SigningKeyRow[]> {
    return db.query<SigningKeyRow>(`select ${COLUMNS} from signing_keys order by created_at desc, kid`);
  }

  /** As `list`, while nobody else changes a key before this transaction ends. */
  async lock(tx: Transaction): Promise<SigningKeyRow[]> {
    await tx.query('select pg_advisory_xact_lock($1)', [KEYS_LOCK]);
    return this.list(tx);
  }

  async insert(tx: Transaction, key: NewSigningKey, status: 'active' | 'standby'): Promise<void> {
    await tx.query(
      `insert into signing_keys (kid, algorithm, public_jwk, private_key_encrypted, status, created_at, activated_at)
       values ($1, $2, $3, $4, $5, now(), case when $5 = 'active' then now() end)`,
      [key.kid, key.algorithm, JSON.stringify(key.public_jwk), key.private_key_encrypted, status],
    );
  }

  async promote(tx: Transaction, kid: string): Promise<void> {
    await tx.query(
      `update signing_keys set status = 'active', activated_at = now() where kid = $1 and status = 'standby'`,
      [kid],
    );
  }

  async retire(tx: Transaction, kids: string[]): Promise<void> {
    await tx.query(
      `update signing_keys set status = 'retired', retired_at = now(), private_key_encrypted = null
        where kid = any($1) and status in ('active', 'standby')`,
      [kids],
    );
  }

  async withdraw(tx: Transaction, kids: string[]): Promise<void> {
    await tx.query(
      `update signing_keys set status = 'withdrawn', withdrawn_at = now(), private_key_encrypted = null
        where kid = any($1) and status <> 'withdrawn'`,
      [kids],
    );
  }

  /** Puts the same private key sealed anew in the place of what was read. */
  async reseal(tx: Transaction, kid: string, sealed: Buffer): Promise<void> {
    await tx.query(
      `update signing_keys set private_key_encrypted = $2 where kid = $1 and private_key_encrypted is not null`,
      [kid, sealed],
    );
  }
}
