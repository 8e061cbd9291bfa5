import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

@Entity('audit_events')
@Index('audit_events_user_id_idx', ['userId', 'id'])
@Index('audit_events_created_at_idx', ['createdAt', 'id'])
@Index('audit_events_type_idx', ['type', 'createdAt', 'id'])
@Index('audit_events_actor_idx', ['actor', 'createdAt', 'id'])
export class AuditEvent {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'audit_events_pkey',
  })
  id!: string;

  @Column('text')
  type!: string;

  /** Whom it happened to; null where it concerns no account. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  /** Who did it: `user:<id>`, `operator:<name>`, `application:<id>`, `system`, or `anonymous` before anyone is known. */
  @Column('text')
  actor!: string;

  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('text', { name: 'application_id', nullable: true })
  applicationId!: string | null;

  @Column('inet', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('jsonb')
  details!: Record<string, unknown>;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
