import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { createHmac, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Clock } from '../common/clock.js';
import { serviceVersion } from '../common/service-version.js';
import { Config, type RefreshTokenKey } from '../config.js';
import type { RefreshKeyPrint } from './instance.entity.js';
import { InstancesRepository, type InstanceSign } from './instances.repository.js';
import { RevocationSync } from './revocation-sync.js';
import { SyncConnection } from './sync-connection.js';

/** Milliseconds between two looks at whether there is something to tell. */
const BEAT_MS = 1_000;

/** The longest pause between two signs of life, in milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** Tells the others, by the table `instances`, that this one runs and how far it has read the log. */
@Injectable()
export class InstanceHeartbeat implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(InstanceHeartbeat.name);
  private readonly self: Omit<InstanceSign, 'position'>;
  /** What was told last, and when by the monotonic clock. */
  private told = { seq: -1, epoch: '', at: -Infinity };
  private timer: NodeJS.Timeout | undefined;
  private failing = false;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly sync: RevocationSync,
    private readonly instances: InstancesRepository,
    private readonly connection: SyncConnection,
  ) {
    this.self = {
      id: randomUUID(),
      name: `${hostname()}/${process.pid}`,
      version: serviceVersion(),
      refreshKeys: config.refreshTokenKeys.map(printOf),
    };
  }

  get id(): string {
    return this.self.id;
  }

  /** The first signs, all verify. */
  get refreshKeys(): RefreshKeyPrint[] {
    return this.self.refreshKeys;
  }

  onApplicationBootstrap(): void {
    if (!this.config.background) return;
    const next = async () => {
      await this.beat();
      if (this.timer) this.timer = setTimeout(next, BEAT_MS).unref();
    };
    this.timer = setTimeout(next, 0).unref();
  }

  /** Last of all on that connection: it is closed here. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.instances.delete(this.id).catch(() => undefined);
    await this.connection.close();
  }

  private async beat(): Promise<void> {
    const position = this.sync.position;
    const { epoch = '', seq = -1 } = position ?? {};
    const now = this.clock.monotonic();
    const moved = epoch !== this.told.epoch || seq !== this.told.seq;
    if (!moved && now - this.told.at < LONGEST_PAUSE_MS) return;
    try {
      await this.instances.note({
        ...this.self,
        position: position && { ...position, confirmedSecondsAgo: this.sync.staleness / 1000 },
      });
      this.told = { epoch, seq, at: now };
      this.failing = false;
    } catch (error) {
      // One line when it begins to fail, not one a second.
      if (!this.failing) this.logger.warn({ message: 'This instance cannot note that it runs.', error });
      this.failing = true;
    }
  }
}

/** Tells two keys of one id apart and says nothing of either: a MAC under 256 random bits. */
function printOf({ id, key }: RefreshTokenKey): RefreshKeyPrint {
  return { id, print: createHmac('sha256', key).update('portcullis: fingerprint').digest('base64url').slice(0, 16) };
}
