import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { poll } from './poll.js';

/** An example as a user runs it. */
export interface RunningExample {
  url: string;
  /** What it said so far. */
  said(): string;
  /** As Ctrl-C does, and waits until nothing of it is left. */
  stop(): Promise<void>;
}

/** Runs the one command of an example, `npm run example:<name>`, until it says where it is. */
export async function startExample(name: string, env: Record<string, string>): Promise<RunningExample> {
  // A group of its own: npm starts a shell, which starts the example.
  const child = spawn('npm', ['run', '--silent', `example:${name}`], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], ...env },
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const address = () => /is at (http:\/\/localhost:\d+)/.exec(said)?.[1];
  const stop = async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGINT');
    await ended;
  };
  // The first start of the Nest example compiles it, and the packages that it is made of.
  await poll(() => address() !== undefined || child.exitCode !== null, 45).catch(() => undefined);
  const url = address();
  if (url !== undefined) return { url, said: () => said, stop };
  await stop();
  throw new Error(`example:${name} did not start: ${said}`);
}
