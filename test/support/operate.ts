import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Service } from './service.js';

export interface Operation {
  /** Sent to standard input; nothing and at its end, when left out. */
  input?: string;
  env?: Record<string, string>;
  /** Typed at a terminal, one at each prompt; what is not typed is an empty line. Without, there is no terminal. */
  answers?: string[];
}

/** What an operator's command ended with, and wrote. */
export interface Ending {
  code: number;
  out: string;
  err: string;
}

/** The environment in which commands find the database and the secrets of a service. */
export function environmentOf({ config }: Service): Record<string, string> {
  return {
    NODE_ENV: 'test',
    DATABASE_URL: config.databaseUrl,
    PUBLIC_URL: config.publicUrl,
    KEY_ENCRYPTION_KEY: config.keyEncryptionKey.toString('base64'),
    REFRESH_TOKEN_KEYS: config.refreshTokenKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
  };
}

let host: ChildProcess | undefined;
let operations = 0;

/** Runs a command as its process would, but for the start of Node: see `operate-host.mjs`. */
export function operate(service: Service, words: string, { env, ...typed }: Operation = {}): Promise<Ending> {
  return operateIn({ ...environmentOf(service), ...env }, words, typed);
}

/** The same with nothing in the environment but this. */
export async function operateIn(
  env: Record<string, string>,
  words: string,
  { input = '', answers }: Omit<Operation, 'env'> = {},
): Promise<Ending> {
  host ??= startHost();
  const id = (operations += 1);
  const running = host;
  const ending = new Promise<Ending>((resolve) => {
    running.on('message', function listen(message: Ending & { id: number }) {
      if (message.id !== id) return;
      running.off('message', listen);
      resolve({ code: message.code, out: message.out, err: message.err });
    });
  });
  running.send({ id, words: split(words), env, input, answers });
  return ending;
}

function startHost(): ChildProcess {
  const child = fork(fileURLToPath(new URL('operate-host.mjs', import.meta.url)), { env: { ...process.env } });
  // Nothing but the test that waits for it keeps it, and it ends with Jest's process.
  child.unref();
  child.channel?.unref();
  child.setMaxListeners(100);
  return child;
}

/** As `operate`, with what `--json` prints. */
export async function operateJson(service: Service, words: string, operation: Operation = {}): Promise<any> {
  const { code, out, err } = await operate(service, `${words} --json`, operation);
  if (code !== 0) throw new Error(`${words}: ${code} ${err}`);
  return JSON.parse(out);
}

/** Words as a shell splits them; what is in double quotes is one. */
function split(words: string): string[] {
  return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
}
