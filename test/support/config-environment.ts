import { randomBytes } from 'node:crypto';
import { ConfigError, loadConfig, type Environment } from '../../src/config.js';

/** A fresh secret, as it is written in the environment. */
export const key = () => randomBytes(32).toString('base64');

/** An environment that leaves nothing to be made. */
export const complete = {
  DATABASE_URL: 'postgres://portcullis:s3cret-Of-Db@localhost:5432/portcullis',
  KEY_ENCRYPTION_KEY: key(),
  REFRESH_TOKEN_KEYS: `b:${key()},a:${key()}`,
};
export const production = { ...complete, NODE_ENV: 'production', PUBLIC_URL: 'https://account.example.com' };

/** The faults of an environment as `VARIABLE problem`; none when it is fine. */
export function faultsOf(env: Environment): string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ variable, problem }) => `${variable} ${problem}`);
  }
}

/** The names of the variables that are at fault, in the order of the list. */
export function variablesAtFault(env: Environment): string[] {
  return faultsOf(env).map((fault) => fault.split(' ')[0]!);
}
