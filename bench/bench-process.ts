import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process can be told to do, by name. Its arguments and results go over IPC. */
// oxlint-disable-next-line typescript/no-explicit-any -- each takes what it takes
type Commands = Record<string, (argument: any) => unknown>;

/** A process of its own that does what it is told, on a processor of its own where the system can say so. */
export class BenchProcess<Known extends Commands> {
  private next = 0;
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();

  private readonly child: ChildProcess;

  /** `script`: beside this file. `processors`: as taskset takes them; without, those that are free. `flags`: for its V8. */
  constructor(
    private readonly script: string,
    env: Record<string, string>,
    processors?: string,
    flags: string[] = [],
  ) {
    this.child = fork(fileURLToPath(new URL(script, import.meta.url)), {
      env: { ...process.env, ...env },
      execArgv: [...process.execArgv, ...flags],
    });
    if (processors) this.runOn(processors);
  }

  /** `processors`: as taskset takes them. */
  runOn(processors: string): void {
    pin(this.child.pid!, processors);
  }

  /** Resolves when it can be told something. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error(`${this.script} ended before it was ready`)));
      this.child.on('message', (message: { ready?: true; id: number; result?: never; error?: string }) => {
        if (message.ready) return resolve();
        const call = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.error) call?.reject(new Error(message.error));
        else call?.resolve(message.result as never);
      });
    });
  }

  ask<Name extends keyof Known & string>(
    name: Name,
    ...[argument]: Parameters<Known[Name]>
  ): Promise<Awaited<ReturnType<Known[Name]>>> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, name, argument });
    });
  }

  stop(): void {
    this.child.disconnect();
  }
}

/** Does what the process that started this one says, until that ends. */
export function obey(commands: Commands): void {
  process.on('message', async ({ id, name, argument }: { id: number; name: string; argument: never }) => {
    try {
      process.send!({ id, result: await commands[name]!(argument) });
    } catch (error) {
      process.send!({ id, error: String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

/**
 * Best effort: without taskset (macOS, Windows) the ratios still hold, only noisier. Returns what takes it back: whatever
 * the process starts would stay on these processors too.
 */
export function pin(pid: number, processors: string): () => void {
  try {
    const before = execFileSync('taskset', ['-p', '-c', String(pid)], { encoding: 'utf8' })
      .split(': ')[1]!
      .trim();
    execFileSync('taskset', ['-a', '-p', '-c', processors, String(pid)], { stdio: 'ignore' });
    return () => void pin(pid, before);
  } catch {
    // Not this system's way.
    return () => undefined;
  }
}
