import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { HashingProcess, HashingProcessDied, type Share } from './hashing-process.js';
import type { HashingTask } from './hashing-worker.js';

/** For how long a task may wait for what is spared, in milliseconds: some ten times as long as it takes. */
const PATIENCE_MS = 150;

/**
 * Processes of low priority that hash passwords: as many as there are tasks at a time, each started when it is first
 * needed and kept until the service stops. They take only what nothing else wants; where that is too little, on a machine
 * with nothing to spare, others of a surer share do the work, so that people can sign in there too.
 */
@Injectable()
export class HashingProcessesService implements OnApplicationShutdown {
  private readonly logger = new Logger(HashingProcessesService.name);
  private readonly running = new Set<HashingProcess>();
  private idle: HashingProcess[] = [];
  /** Tasks that what is spared has not been enough for, and that still wait for it. */
  private overdue = 0;
  private stopped = false;

  /** What the task comes to. Where its process dies, a fresh one tries again; throws `unavailable` when that dies too. */
  async run(task: HashingTask): Promise<string | boolean> {
    if (this.overdue > 0) return this.attempt('tenth', task);
    const spared = this.attempt('spare', task);
    if (await settlesWithin(PATIENCE_MS, spared)) return spared;
    this.overdue++;
    void spared.catch(() => undefined).then(() => this.overdue--);
    return Promise.any([spared, this.attempt('tenth', task)]).catch((error: AggregateError) => {
      throw error.errors[0];
    });
  }

  /** Whoever asked has been answered by now. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    const running = [...this.running];
    // What ends from here on was meant to.
    this.running.clear();
    running.forEach((process) => process.end());
    await Promise.all(running.map((process) => process.ended));
  }

  private async attempt(share: Share, task: HashingTask): Promise<string | boolean> {
    try {
      return await this.runIn(this.takeIdle(share) ?? this.start(share), task);
    } catch (error) {
      if (!(error instanceof HashingProcessDied) || this.stopped) throw error;
    }
    return this.runIn(this.start(share), task);
  }

  private takeIdle(share: Share): HashingProcess | undefined {
    const process = this.idle.findLast((one) => one.share === share);
    if (process) this.idle.splice(this.idle.indexOf(process), 1);
    return process;
  }

  private async runIn(process: HashingProcess, task: HashingTask): Promise<string | boolean> {
    const answer = await process.run(task);
    this.idle.push(process);
    if ('failed' in answer) throw new Error(`a stored password hash cannot be read: ${answer.failed}`);
    return answer.result;
  }

  private start(share: Share): HashingProcess {
    const process = new HashingProcess(share, (error) =>
      this.logger.warn({ message: 'The system does not let hashing have as low a priority as it should.', error }),
    );
    this.running.add(process);
    void process.ended.then((how) => {
      this.idle = this.idle.filter((other) => other !== process);
      if (this.running.delete(process)) this.logger.error({ message: 'A process that hashes passwords ended.', how });
    });
    return process;
  }
}

function settlesWithin(milliseconds: number, outcome: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    outcome.then(settled, settled);
  });
}
