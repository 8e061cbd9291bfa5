/** The program of a hashing process: one task at a time, for as long as the service that started it lives. */
import { hashSync, verifySync, type Options } from '@node-rs/argon2';

/** What it is asked, over the channel to the service: passwords never stand in an argument or a variable. */
export type HashingTask =
  | { kind: 'hash'; password: string; options: Options }
  | { kind: 'verify'; password: string; hash: string };

/** `failed`: what the library said to a stored hash that is none; it repeats neither that nor the password. */
export type HashingAnswer = { result: string | boolean } | { failed: string };

function answer(task: HashingTask): HashingAnswer {
  try {
    if (task.kind === 'hash') return { result: hashSync(task.password, task.options) };
    return { result: verifySync(task.hash, task.password) };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

process.on('message', (task: HashingTask) => process.send?.(answer(task)));
// The service has ended, in whatever way.
process.on('disconnect', () => process.exit(0));
// A terminal and systemd send these to all processes at once. The service still has requests to answer, and ends this
// one when it has done so.
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
