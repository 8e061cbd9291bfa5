import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The attempts of one window. Columns are named as rate-limiter-flexible wants them. */
@Entity('rate_limits')
@Index('rate_limits_expire_idx', ['expire'])
export class RateLimit {
  /** The limit's name and whom it is about. */
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'rate_limits_pkey' })
  key!: string;

  /** Attempts since the window began. */
  @Column('integer')
  points!: number;

  /** When the window ends, in milliseconds since 1970. */
  @Column('bigint')
  expire!: string;
}
