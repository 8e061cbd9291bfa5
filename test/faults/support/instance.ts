import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from '../../support/poll.js';

/** The characters of the log that are kept. */
const LOG_LENGTH = 200_000;

/** The last errors in the log, and the characters of each, that a failure shows. */
const MOST_ERRORS = 6;
const ERROR_LENGTH = 1_200;

/**
 * One instance of the service as it is shipped, and a WebSocket gateway, in a process of its own. Whatever ends it, its
 * supervisor starts it again.
 */
export class Instance {
  url = '';
  log = '';
  private child: ChildProcess | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly number: number,
    private readonly env: Record<string, string>,
  ) {}

  /** What is done to it is done one after the other. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** Until it listens; it need not be ready. A start that fails, for lack of a database perhaps, is tried again. */
  async start(): Promise<void> {
    for (let tries = 1; !(await this.launch()); tries++) {
      if (tries === 20) throw new Error(`Instance ${this.number} does not start:\n${this.log}`);
      await sleep(500);
    }
  }

  /** What its log has of errors, the last ones. */
  get errors(): string[] {
    const lines = this.log.split('\n').filter((line) => line.startsWith('{"level":"error"'));
    return lines.slice(-MOST_ERRORS).map((line) => line.slice(0, ERROR_LENGTH));
  }

  async ready(): Promise<boolean> {
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends it and waits. Returns the code it ended with; null when it was killed. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.child;
    if (!child || hasEnded(child)) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  private async launch(): Promise<boolean> {
    const program = join(process.env.TEST_COMPILED!, 'test/support/live-program.js');
    const child = spawn(process.execPath, [program], { env: { PATH: process.env.PATH, ...this.env } });
    this.child = child;
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk;
      this.log = (this.log + chunk).slice(-LOG_LENGTH);
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', listen);
    const port = () => /is at http:\/\/localhost:(\d+)/.exec(said)?.[1];
    await poll(() => hasEnded(child) || port() !== undefined, 90);
    if (hasEnded(child)) return false;
    this.url = `http://127.0.0.1:${port()}`;
    return true;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
