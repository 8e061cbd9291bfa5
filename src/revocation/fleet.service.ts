import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { InstancesService, type RunningInstance } from './instances.service.js';
import { RevocationHeadRepository } from './revocation-head.repository.js';
import type { LogPosition } from './log-follower.js';

/** Milliseconds between two looks at who has it: instances tell it once a second at most. */
const LOOK_MS = 100;

/** Who of all instances has what the log says by now. */
export interface FleetReport {
  running: RunningInstance[];
  /** Those that have not read as far as the log went when the question was asked. */
  lagging: RunningInstance[];
}

/** The instances as a whole, seen from a command. */
@Injectable()
export class FleetService {
  constructor(
    private readonly instances: InstancesService,
    private readonly heads: RevocationHeadRepository,
  ) {}

  /** The end of the log. Throws when the table has lost its one row. */
  async head(): Promise<LogPosition> {
    const head = await this.heads.find();
    if (!head) throw new Error('revocation_head has no row: restore it from a backup, or run the migrations.');
    return head;
  }

  /**
   * Waits until every running instance has applied all that is committed now, `seconds` at most. One that stops
   * meanwhile is not waited for.
   */
  async whenApplied(seconds: number, onLook: (report: FleetReport) => void = () => undefined): Promise<FleetReport> {
    const head = await this.head();
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const running = await this.instances.list();
      const report = { running, lagging: running.filter((instance) => !hasRead(instance, head)) };
      if (report.lagging.length === 0 || performance.now() > deadline) return report;
      onLook(report);
      await delay(LOOK_MS);
    }
  }
}

function hasRead({ position }: RunningInstance, head: LogPosition): boolean {
  return position !== null && position.epoch === head.epoch && position.seq >= head.seq;
}
