import type { JsonWebKey } from 'node:crypto';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export type SigningKeyStatus = 'standby' | 'active' | 'retired' | 'withdrawn';
export type SigningAlgorithm = 'ES256' | 'RS256';

@Entity('signing_keys')
@Index('signing_keys_active_key', ['status'], { unique: true, where: `(status = 'active'::text)` })
@Check('signing_keys_algorithm_check', `algorithm in ('ES256', 'RS256')`)
@Check('signing_keys_private_key_check', `private_key_encrypted is not null or status in ('retired', 'withdrawn')`)
@Check('signing_keys_status_check', `status in ('standby', 'active', 'retired', 'withdrawn')`)
export class SigningKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'signing_keys_pkey' })
  kid!: string;

  @Column('text')
  algorithm!: SigningAlgorithm;

  @Column('jsonb', { name: 'public_jwk' })
  publicJwk!: JsonWebKey;

  /** PKCS #8, sealed under KEY_ENCRYPTION_KEY: see `key-encryption.ts`. Null once it signs no more. */
  @Column('bytea', { name: 'private_key_encrypted', nullable: true })
  privateKeyEncrypted!: Buffer | null;

  @Column('text')
  status!: SigningKeyStatus;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt!: Date | null;

  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  withdrawnAt!: Date | null;
}
