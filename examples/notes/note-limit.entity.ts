import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';

/** How many notes somebody may keep, where it is not the usual number. */
@Entity('note_limits')
export class NoteLimit {
  @ForeignKey('User', { name: 'note_limits_user_id_fkey' })
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'note_limits_pkey' })
  userId!: string;

  @Column('integer')
  most!: number;
}
