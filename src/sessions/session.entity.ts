import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Delivery } from '../applications/delivery.js';
import type { Device } from './device.js';

/** One row per device. A refresh changes its generation; it never makes a row. */
@Entity('sessions')
@Index('sessions_live_user_id_idx', ['userId'], { where: '(ended_at IS NULL)' })
@Index('sessions_dead_at_idx', { synchronize: false })
@Check('sessions_delivery_check', `delivery in ('cookie', 'body')`)
@Check('sessions_generation_check', 'generation >= 1')
@Check('sessions_ended_check', 'ended_at')
export class Session {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pkey' })
  id!: string;

  @ForeignKey('User', { name: 'sessions_user_id_fkey' })
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @ForeignKey('Application', { name: 'sessions_application_id_fkey' })
  @Column('text', { name: 'application_id' })
  applicationId!: string;

  /** The user's token version when the person last proved who they are. A refresh never changes it. */
  @Column('bigint', { name: 'user_version' })
  userVersion!: string;

  @Column('bigint', { name: 'application_version' })
  applicationVersion!: string;

  /** Of the one refresh token that is current, from 1. */
  @Column('bigint')
  generation!: string;

  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  /** Of the tokens from before the last re-issue (reauthentication, password change), which grace never crosses. */
  @Column('bytea', { name: 'previous_secret_hash', nullable: true })
  previousSecretHash!: Buffer | null;

  @Column('timestamptz', { name: 'rotated_at' })
  rotatedAt!: Date;

  @Column('text')
  delivery!: Delivery;

  /** What the person calls this device; null until they name it. */
  @Column('text', { nullable: true })
  name!: string | null;

  @Column('jsonb')
  device!: Device;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column('inet', { nullable: true })
  ip!: string | null;

  @Column('boolean')
  remembered!: boolean;

  /** How the person proved who they are: RFC 8176 values. */
  @Column('text', { array: true })
  amr!: string[];

  @Column('timestamptz', { name: 'authenticated_at' })
  authenticatedAt!: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_active_at' })
  lastActiveAt!: Date;

  /** The absolute end, fixed at sign-in. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('text', { name: 'end_reason', nullable: true })
  endReason!: string | null;
}
