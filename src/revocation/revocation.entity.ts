import type { RevocationKind } from '@portcullis/verifier';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One line of the deny-list, which is its own change log: `seq` is the order of commits. */
@Entity('revocations')
@Index('revocations_expires_at_idx', ['expiresAt'])
@Check('revocations_kind_check', `kind in ('token', 'session', 'user', 'application', 'key')`)
export class Revocation {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'revocations_pkey' })
  seq!: string;

  /** Random: tells a row from another that a restored database wrote at the same seq. */
  @Column('uuid')
  id!: string;

  @Column('text')
  kind!: RevocationKind;

  @Column('text')
  subject!: string;

  /** The application that a session or token belongs to; null where it concerns all of them. */
  @Column('text', { name: 'application_id', nullable: true })
  applicationId!: string | null;

  @Column('bigint', { name: 'min_version', nullable: true })
  minVersion!: string | null;

  @Column('boolean')
  suspended!: boolean;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  actor!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Null: never. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}

/** The one row whose lock makes the order of the log the order of commits. */
@Entity('revocation_head')
@Check('revocation_head_single_check', 'single')
export class RevocationHead {
  @PrimaryColumn('boolean', { primaryKeyConstraintName: 'revocation_head_pkey' })
  single!: true;

  /** Another one after a restore: what followed the old log must reload. */
  @Column('uuid')
  epoch!: string;

  @Column('bigint')
  seq!: string;
}

/** The lives of access tokens that instances issue now or lately did: how long a deny entry must be kept. */
@Entity('token_lives')
export class TokenLife {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'token_lives_pkey' })
  seconds!: number;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt!: Date;
}
