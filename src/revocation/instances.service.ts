import { Injectable } from '@nestjs/common';
import type { RefreshKeyPrint } from './instance.entity.js';
import { InstancesRepository } from './instances.repository.js';

/** An instance that gave a sign of life within the last half minute. */
export interface RunningInstance {
  id: string;
  /** Host and process. */
  name: string;
  /** Of the service. */
  version: string;
  /** How far it has read the log of revocations, and when that was confirmed; null until it has read it once. */
  position: { epoch: string; seq: number; confirmedAt: Date } | null;
  /** Of its keys for refresh tokens, in their order: what tells two apart without telling either. */
  refreshKeys: RefreshKeyPrint[];
  startedAt: Date;
  seenAt: Date;
}

/** Which instances run on this database. For whoever waits until all of them know something, and for the doctor. */
@Injectable()
export class InstancesService {
  constructor(private readonly instances: InstancesRepository) {}

  /** The oldest first. One that was killed stays in the list for half a minute. */
  async list(): Promise<RunningInstance[]> {
    const rows = await this.instances.list();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      version: row.version,
      position:
        row.epoch === null ? null : { epoch: row.epoch, seq: Number(row.seq), confirmedAt: row.confirmed_at as Date },
      refreshKeys: row.refresh_keys,
      startedAt: row.started_at,
      seenAt: row.seen_at,
    }));
  }
}
