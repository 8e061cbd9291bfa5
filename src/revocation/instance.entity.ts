import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Of a key for refresh tokens: its id, and what tells it from another key of that id without giving it away. */
export interface RefreshKeyPrint {
  id: string;
  print: string;
}

/** One running instance, and how far it has read the log of revocations. It writes the row itself, every few seconds. */
@Entity('instances')
@Check('instances_cursor_check', `(epoch is null) = (seq is null) and (epoch is null) = (confirmed_at is null)`)
export class Instance {
  /** Another one at each start. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'instances_pkey' })
  id!: string;

  /** For people: host and process. */
  @Column('text')
  name!: string;

  @Column('text')
  version!: string;

  /** The first signs, all verify. */
  @Column('jsonb', { name: 'refresh_keys' })
  refreshKeys!: RefreshKeyPrint[];

  /** Null until the log was read for the first time; then so are the next two. */
  @Column('uuid', { nullable: true })
  epoch!: string | null;

  @Column('bigint', { nullable: true })
  seq!: string | null;

  /** When the read began that says so. */
  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'seen_at' })
  seenAt!: Date;
}
