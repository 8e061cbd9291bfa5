import { jest } from '@jest/globals';
import { PasswordsService } from '../../src/users/passwords.service.js';
import type { Service } from './service.js';

/** Stops the next request that checks a password when it has done so, before it acts on it. */
export function pauseAfterPasswordCheck({ app }: Service): { checked: Promise<void>; goOn: () => void } {
  const passwords = app.get(PasswordsService);
  const verify = passwords.verify.bind(passwords);
  let goOn!: () => void;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const checked = new Promise<void>((resolve) => {
    jest.spyOn(passwords, 'verify').mockImplementationOnce(async (stored, password) => {
      const verdict = await verify(stored, password);
      resolve();
      await gate;
      return verdict;
    });
  });
  return { checked, goOn };
}
