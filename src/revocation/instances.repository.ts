import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../database/database.js';
import type { RefreshKeyPrint } from './instance.entity.js';
import type { LogPosition } from './log-follower.js';
import { SyncConnection } from './sync-connection.js';

/** What an instance says of itself. */
export interface InstanceSign {
  id: string;
  name: string;
  version: string;
  refreshKeys: RefreshKeyPrint[];
  /** Null before the log was read for the first time. */
  position: (LogPosition & { confirmedSecondsAgo: number }) | null;
}

export interface InstanceRow {
  id: string;
  name: string;
  version: string;
  refresh_keys: RefreshKeyPrint[];
  epoch: string | null;
  seq: string | null;
  confirmed_at: Date | null;
  started_at: Date;
  seen_at: Date;
}

/** Seconds without a sign after which an instance counts as gone: six times the longest pause between two. */
export const GONE_AFTER = 30;

@Injectable()
export class InstancesRepository {
  constructor(
    private readonly database: Database,
    private readonly connection: SyncConnection,
  ) {}

  /** Notes that the instance is alive. By the reserved connection: it also tells how far that has read. */
  async note({ id, name, version, refreshKeys, position }: InstanceSign): Promise<void> {
    await this.connection.query(
      `insert into instances as known
              (id, name, version, refresh_keys, epoch, seq, confirmed_at, started_at, seen_at)
       values ($1, $2, $3, $4, $5, $6, now() - make_interval(secs => $7), now(), now())
       on conflict (id) do update
          set epoch = excluded.epoch, seq = excluded.seq, confirmed_at = excluded.confirmed_at, seen_at = now()`,
      [
        id,
        name,
        version,
        JSON.stringify(refreshKeys),
        position?.epoch ?? null,
        position?.seq ?? null,
        position?.confirmedSecondsAgo ?? null,
      ],
    );
  }

  async delete(id: string): Promise<void> {
    await this.connection.query('delete from instances where id = $1', [id]);
  }

  /** Those that gave a sign lately, the oldest first. */
  list(db: Queryable = this.database): Promise<InstanceRow[]> {
    return db.query<InstanceRow>(
      `select id, name, version, refresh_keys, epoch, seq, confirmed_at, started_at, seen_at
         from instances where seen_at > now() - make_interval(secs => ${GONE_AFTER}) order by started_at, id`,
    );
  }

  /** Deletes what instances left behind that did not stop cleanly, and says how many those were. */
  async purge(): Promise<number> {
    const [purged] = await this.database.query<{ rows: string }>(
      `with purged as (delete from instances where seen_at < now() - interval '1 hour' returning 1)
       select count(*) as rows from purged`,
    );
    return Number(purged?.rows);
  }
}
