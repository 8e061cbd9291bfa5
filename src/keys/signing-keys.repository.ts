import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { Database } from '../database/database.js';
import type { SigningAlgorithm, SigningKeyStatus } from './signing-key.entity.js';
import type { JsonWebKey } from 'node:crypto';

export interface SigningKeyRow {
  kid: string;
  algorithm: SigningAlgorithm;
  public_jwk: JsonWebKey;
  private_key_encrypted: Buffer;
  status: SigningKeyStatus;
}

/** Serialises the making of the first keys among instances that start together. An arbitrary constant. */
const FIRST_KEYS_LOCK = 7_203_001;

@Injectable()
export class SigningKeysRepository {
  constructor(private readonly database: Database) {}

  /** Every key that ever was, the newest first. */
  list(db: Database | Transaction = this.database): Promise<SigningKeyRow[]> {
    return db.query<SigningKeyRow>(
      `select kid, algorithm, public_jwk, private_key_encrypted, status from signing_keys order by created_at desc, kid`,
    );
  }

  /** Inserts what `make` returns if there is no key at all; among concurrent callers only one makes any. */
  async insertFirst(make: () => SigningKeyRow[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1)', [FIRST_KEYS_LOCK]);
      if ((await this.list(tx)).length > 0) return;
      for (const key of make()) await this.insert(tx, key);
    });
  }

  private async insert(tx: Transaction, key: SigningKeyRow): Promise<void> {
    await tx.query(
      `insert into signing_keys (kid, algorithm, public_jwk, private_key_encrypted, status, created_at, activated_at)
       values ($1, $2, $3, $4, $5, now(), case when $5 = 'active' then now() end)`,
      [key.kid, key.algorithm, JSON.stringify(key.public_jwk), key.private_key_encrypted, key.status],
    );
  }
}
