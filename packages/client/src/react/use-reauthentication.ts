import { useCallback, useRef, useState } from 'react';
import { PortcullisError } from '../errors.js';
import { useClient } from './client-context.js';

/** The person did not want to confirm the password: what was asked for has not been done. */
export class ReauthenticationCancelled extends Error {
  override readonly name = 'ReauthenticationCancelled';
}

export interface Reauthentication {
  /** Whether the person has to be asked for the password now. */
  asked: boolean;
  /**
   * Does something sensitive; when the service says `reauthentication_required`, waits for `confirm` and does it once
   * more. Rejects with what the task rejects with, or with `ReauthenticationCancelled`.
   */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Rejects when the password is wrong: ask again. */
  confirm(password: string): Promise<void>;
  cancel(): void;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** Asks for the password in between when authentication is too old for what is to be done. */
export function useReauthentication(): Reauthentication {
  const client = useClient();
  const waiting = useRef<Waiting[]>([]);
  const [asked, setAsked] = useState(false);

  const settle = useCallback((settleOne: (one: Waiting) => void) => {
    setAsked(false);
    for (const one of waiting.current.splice(0)) settleOne(one);
  }, []);

  const run = useCallback(async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof PortcullisError) || error.code !== 'reauthentication_required') throw error;
    }
    await new Promise<void>((resolve, reject) => {
      waiting.current.push({ resolve, reject });
      setAsked(true);
    });
    return task();
  }, []);

  const confirm = useCallback(
    async (password: string) => {
      await client.reauthenticate(password);
      settle((one) => one.resolve());
    },
    [client, settle],
  );

  const cancel = useCallback(() => settle((one) => one.reject(new ReauthenticationCancelled())), [settle]);

  return { asked, run, confirm, cancel };
}
