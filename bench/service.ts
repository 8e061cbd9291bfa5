import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Commands } from './service-process.js';

/** The service in a process of its own, on a processor of its own where the system can say so. */
export class BenchService {
  private next = 0;
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  url = '';

  private constructor(private readonly child: ChildProcess) {}

  /** `processors`: as taskset takes them; without, those that are free. */
  static async start(
    databaseUrl: string,
    processors?: string,
    env: Record<string, string> = {},
  ): Promise<BenchService> {
    const script = fileURLToPath(new URL('service-process.js', import.meta.url));
    const child = fork(script, { env: { ...process.env, DATABASE_URL: databaseUrl, ...env } });
    if (processors) pin(child.pid!, processors);
    const service = new BenchService(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the service ended before it was ready')));
      child.on('message', (message: { ready?: true; id: number; result?: never; error?: string }) => {
        if (message.ready) return resolve();
        const call = service.waiting.get(message.id);
        service.waiting.delete(message.id);
        if (message.error) call?.reject(new Error(message.error));
        else call?.resolve(message.result as never);
      });
    });
    service.url = `http://127.0.0.1:${await service.ask('port')}`;
    return service;
  }

  ask<Name extends keyof Commands>(
    name: Name,
    ...[argument]: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
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

/** Best effort: without taskset (macOS, Windows) the ratios still hold, only noisier. */
export function pin(pid: number, processors: string): void {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', processors, String(pid)], { stdio: 'ignore' });
  } catch {
    // Not this system's way.
  }
}
