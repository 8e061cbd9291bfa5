import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { HashingProcess, HashingProcessDied } from './hashing-process.js';
import type { HashingTask } from './hashing-worker.js';

/**
 * Processes of low priority that hash passwords: as many as there are tasks at a time, each started when it is first
 * needed and kept until the service stops.
 */
@Injectable()
export class HashingProcessesService implements OnApplicationShutdown {
  private readonly logger = new Logger(HashingProcessesService.name);
  private readonly running = new Set<HashingProcess>();
  private idle: HashingProcess[] = [];

  /** What the task comes to. Where its process dies, a fresh one tries again; throws `unavailable` when that dies too. */
  async run(task: HashingTask): Promise<string | boolean> {
    try {
      return await this.runIn(this.idle.pop() ?? this.start(), task);
    } catch (error) {
      if (!(error instanceof HashingProcessDied)) throw error;
    }
    return this.runIn(this.start(), task);
  }

  async onApplicationShutdown(): Promise<void> {
    const running = [...this.running];
    // What ends from here on was meant to.
    this.running.clear();
    running.forEach((process) => process.end());
    await Promise.all(running.map((process) => process.ended));
  }

  private async runIn(process: HashingProcess, task: HashingTask): Promise<string | boolean> {
    const answer = await process.run(task);
    this.idle.push(process);
    if ('failed' in answer) throw new Error(`a stored password hash cannot be read: ${answer.failed}`);
    return answer.result;
  }

  private start(): HashingProcess {
    const process = new HashingProcess((error) =>
      this.logger.warn({ message: 'The system does not let hashing have a low priority.', error }),
    );
    this.running.add(process);
    void process.ended.then((how) => {
      this.idle = this.idle.filter((other) => other !== process);
      if (this.running.delete(process)) this.logger.error({ message: 'A process that hashes passwords ended.', how });
    });
    return process;
  }
}
