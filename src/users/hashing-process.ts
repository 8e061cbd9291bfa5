import { execFile, fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { AppError } from '../common/errors/app-error.js';
import { HASHING_WORKER_PATH } from './hashing-worker-path.js';
import type { HashingAnswer, HashingTask } from './hashing-worker.js';

/**
 * How much of a machine that has other work a process takes.
 * - `spare`: only what nothing else wants (Linux: SCHED_IDLE). It never delays a request, and may wait for seconds itself.
 * - `tenth`: beside one that wants all of a core, a tenth of it (nice 10).
 */
export type Share = 'spare' | 'tenth';

const TENTH = 10;

/**
 * A hash takes some 10 ms. Where one takes this long, in milliseconds, its process is stuck; one that lives on what is
 * spared may only have got nothing.
 */
const LIMIT_MS: Record<Share, number> = { spare: 60_000, tenth: 10_000 };

/** Of what a process says on standard error before it ends: the message and the first lines of a stack. */
const LAST_WORDS = 1_000;

/** A process that ended, or could not be started, before it answered. Its task may be given to another one. */
export class HashingProcessDied extends AppError {
  constructor(how: string) {
    super('unavailable', { log: `the process that was to hash a password ended: ${how}` });
  }
}

/** One process that hashes, one task at a time. */
export class HashingProcess {
  private readonly child: ChildProcess;
  private settle: ((outcome: HashingAnswer | HashingProcessDied) => void) | null = null;
  private lastWords = '';
  /** Resolves to how it ended. */
  readonly ended: Promise<string>;

  /**
   * `onFault` hears why it has another share than it should. Throws HashingProcessDied where the system does not even
   * try to start it; else `ended` tells.
   */
  constructor(
    readonly share: Share,
    onFault: (error: unknown) => void,
  ) {
    this.child = start();
    // Not before its first answer, so that it starts as quickly as anything else.
    this.child.once('message', () => lowerPriority(this.child, share, onFault));
    this.child.stderr?.on('data', (chunk) => (this.lastWords = `${this.lastWords}${chunk}`.slice(0, LAST_WORDS)));
    this.child.on('message', (answer: HashingAnswer) => this.settle?.(answer));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve(error.message));
      // Not 'exit': its last words may still be on their way.
      this.child.on('close', (code, signal) => resolve(`${signal ?? `code ${code}`} ${this.lastWords}`.trim()));
    });
    void this.ended.then((how) => this.settle?.(new HashingProcessDied(how)));
  }

  /** To be called when the task before has been answered. Throws HashingProcessDied. */
  run(task: HashingTask): Promise<HashingAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end(), LIMIT_MS[this.share]);
      this.settle = (outcome) => {
        clearTimeout(timer);
        this.settle = null;
        if (outcome instanceof HashingProcessDied) reject(outcome);
        else resolve(outcome);
      };
      // Where it cannot be sent, the process is about to end, and that settles it.
      if (this.child.connected) this.child.send(task, () => undefined);
    });
  }

  /** Ends it at once, even when it is stopped or stuck: it keeps nothing. */
  end(): void {
    this.child.kill('SIGKILL');
  }
}

function start(): ChildProcess {
  try {
    return fork(HASHING_WORKER_PATH, [], {
      // Not detached: Linux (sched_autogroup) weighs priorities only among the processes of one session.
      detached: false,
      // No secret of the service's environment, and no flag of its own, such as the port of a debugger, which is taken.
      env: {},
      execArgv: ['--max-old-space-size=64'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  } catch (error) {
    throw new HashingProcessDied(String(error));
  }
}

/** On Linux that of its main thread, the one that hashes. */
function lowerPriority({ pid }: ChildProcess, share: Share, onFault: (error: unknown) => void): void {
  if (pid === undefined) return;
  // First of all, so that it has a low one in any case.
  try {
    setPriority(pid, TENTH);
  } catch (error) {
    return onFault(error);
  }
  // Node has no call for it; util-linux and BusyBox have this command.
  if (share === 'spare') execFile('chrt', ['-i', '-p', '0', String(pid)], (error) => error && onFault(error));
}
