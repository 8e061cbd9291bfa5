import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readValues } from '../config/read-values.js';
import type { RefreshTokenKey } from '../config.js';
import { openDataFolder } from './data-folder.js';
import { SetUpError } from './set-up-error.js';
import { writeOnce } from './write-once.js';

export interface Secrets {
  /** 32 bytes. */
  keyEncryptionKey: Buffer;
  refreshTokenKeys: RefreshTokenKey[];
}

/**
 * The secrets of development: made once in the data folder, where only this user may read them, so that sessions
 * survive a restart. Of several processes that start at once, all get the same.
 */
export async function developmentSecrets(dataFolder: string): Promise<Secrets> {
  await openDataFolder(dataFolder);
  const path = join(dataFolder, 'secrets.json');
  // Written as in the environment, so that they can be copied from here to there.
  const fresh = { KEY_ENCRYPTION_KEY: randomKey(), REFRESH_TOKEN_KEYS: `development:${randomKey()}` };
  const secrets = parse(await writeOnce(path, `${JSON.stringify(fresh, null, 2)}\n`));
  if (secrets) return secrets;
  throw new SetUpError(`${path} is damaged. Delete it: new secrets are made, and everyone has to sign in again.`);
}

function parse(content: string): Secrets | undefined {
  try {
    const { values } = readValues(JSON.parse(content), ['KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS']);
    const { KEY_ENCRYPTION_KEY: keyEncryptionKey, REFRESH_TOKEN_KEYS: refreshTokenKeys } = values;
    return keyEncryptionKey && refreshTokenKeys ? { keyEncryptionKey, refreshTokenKeys } : undefined;
  } catch {
    return undefined;
  }
}

function randomKey(): string {
  return randomBytes(32).toString('base64');
}
