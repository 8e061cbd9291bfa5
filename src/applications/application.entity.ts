import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** An application that shares this server. Its tokens bear its audience. */
@Entity('applications')
@Unique('applications_audience_key', ['audience'])
@Check('applications_id_check', 'id')
@Check('applications_floor_check', 'sessions_floor <= token_version')
export class Application {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'applications_pkey' })
  id!: string;

  @Column('text')
  audience!: string;

  @Column('text', { array: true })
  origins!: string[];

  @Column('bigint', { name: 'token_version' })
  tokenVersion!: string;

  @Column('bigint', { name: 'sessions_floor' })
  sessionsFloor!: string;

  @Column('boolean')
  enabled!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
