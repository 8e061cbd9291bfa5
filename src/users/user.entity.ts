import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

export type UserStatus = 'active' | 'suspended' | 'deleted';

/** An account. Versions are bigint columns and reach JavaScript as text: repositories turn them into numbers. */
@Entity('users')
@Unique('users_email_key', ['email'])
@Index('users_email_prefix_idx', { synchronize: false })
@Index('users_roles_idx', { synchronize: false })
@Index('users_status_idx', ['status', 'id'], { where: `(status <> 'active'::text)` })
@Check('users_status_check', `status in ('active', 'suspended', 'deleted')`)
@Check('users_floor_check', 'sessions_floor <= token_version')
@Check('users_deleted_check', 'status')
export class User {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  /** Normalised (see `email.ts`); null once deleted. */
  @Column('text', { nullable: true })
  email!: string | null;

  @Column('text', { nullable: true })
  name!: string | null;

  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash!: string | null;

  @Column('text')
  status!: UserStatus;

  @Column('text', { array: true })
  roles!: string[];

  /** Raised by every event that outdates the access tokens already issued. */
  @Column('bigint', { name: 'token_version' })
  tokenVersion!: string;

  /** Sessions whose `user_version` is below it have ended. */
  @Column('bigint', { name: 'sessions_floor' })
  sessionsFloor!: string;

  /** Why it was last raised, for those who are signed out by it. */
  @Column('text', { name: 'sessions_floor_reason', nullable: true })
  sessionsFloorReason!: string | null;

  @Column('timestamptz', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column('timestamptz', { name: 'password_changed_at', nullable: true })
  passwordChangedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
