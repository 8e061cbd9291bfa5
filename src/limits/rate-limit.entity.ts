import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The attempts of one window. */
@Entity('rate_limits')
@Index('rate_limits_expire_idx', ['expire'])
export class RateLimit {
  /** The limit's name and whom it is about. */
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'rate_limits_pkey' })
  key!: string;

  /** Attempts since the window began that failed, or count whatever comes of them. */
  @Column('integer')
  points!: number;

  /** When the window ends, in milliseconds since 1970. */
  @Column('bigint')
  expire!: string;

  /** Attempts that are being made. One whose instance died stays until the window ends. */
  @Column('integer', { default: 0 })
  reserved!: number;
}
