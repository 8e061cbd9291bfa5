import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** One secret of an application's back end. There may be several at once, so that one can be replaced without a gap. */
@Entity('application_credentials')
@Index('application_credentials_application_id_idx', ['applicationId'])
@Check('application_credentials_secret_hash_check', 'length(secret_hash) = 32')
export class ApplicationCredential {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'application_credentials_pkey' })
  id!: string;

  @ForeignKey('Application', { name: 'application_credentials_application_id_fkey', onDelete: 'CASCADE' })
  @Column('text', { name: 'application_id' })
  applicationId!: string;

  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** When it was or will be replaced; null: it is in use. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
