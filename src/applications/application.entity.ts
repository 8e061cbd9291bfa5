import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Delivery } from './delivery.js';

/** An application that shares this server. Its tokens bear its audience. */
@Entity('applications')
@Unique('applications_audience_key', ['audience'])
@Check('applications_id_check', 'id')
@Check('applications_cookie_name_check', 'id')
@Check('applications_floor_check', 'sessions_floor <= token_version')
@Check('applications_delivery_check', 'delivery')
@Check('applications_access_token_ttl_check', 'access_token_ttl between 1 and 3600')
@Check('applications_limits_check', 'session_idle')
@Check('applications_built_in_check', 'id')
export class Application {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'applications_pkey' })
  id!: string;

  /** What people and operators read; null: the id. */
  @Column('text', { nullable: true })
  name!: string | null;

  @Column('text')
  audience!: string;

  /** Of its front ends; those of the built-in one stand in the configuration. */
  @Column('text', { array: true })
  origins!: string[];

  /** How its front ends may ask for the refresh token. */
  @Column('text', { array: true, default: ['cookie', 'body'] })
  delivery!: Delivery[];

  /** Seconds that its access tokens live; null, as in the four below: what the service is configured to. */
  @Column('integer', { name: 'access_token_ttl', nullable: true })
  accessTokenTtl!: number | null;

  @Column('integer', { name: 'session_idle', nullable: true })
  sessionIdle!: number | null;

  @Column('integer', { name: 'session_max', nullable: true })
  sessionMax!: number | null;

  @Column('integer', { name: 'session_idle_remembered', nullable: true })
  sessionIdleRemembered!: number | null;

  @Column('integer', { name: 'session_max_remembered', nullable: true })
  sessionMaxRemembered!: number | null;

  /** What its back end may do besides following the deny-list. */
  @Column('text', { array: true, default: [] })
  permissions!: string[];

  @Column('bigint', { name: 'token_version' })
  tokenVersion!: string;

  @Column('bigint', { name: 'sessions_floor' })
  sessionsFloor!: string;

  @Column('boolean')
  enabled!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
