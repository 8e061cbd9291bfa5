import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** One note of one person. */
@Entity('notes')
@Index('notes_user_id_idx', ['userId', 'createdAt'])
export class Note {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'notes_pkey' })
  id!: string;

  @ForeignKey('User', { name: 'notes_user_id_fkey' })
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  text!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
