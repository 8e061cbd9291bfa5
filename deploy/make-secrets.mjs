// node deploy/make-secrets.mjs [folder]: makes the secrets that compose.yaml hands to the containers, each a file, unless
// they are there. Keep a copy elsewhere: without them a backup of the database opens to nobody.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? join(import.meta.dirname, 'secrets');
mkdirSync(folder, { recursive: true, mode: 0o700 });

function make(name, content) {
  const path = join(folder, name);
  // The folder is closed; the containers, which run as other users, are handed the file alone.
  if (!existsSync(path)) writeFileSync(path, `${content}\n`, { mode: 0o644 });
  return readFileSync(path, 'utf8').trim();
}

const key = () => randomBytes(32).toString('base64');
const password = make('postgres_password', randomBytes(24).toString('base64url'));
make('database_url', `postgres://portcullis:${password}@postgres:5432/portcullis`);
make('key_encryption_key', key());
make('refresh_token_keys', `first:${key()}`);
console.log(`The secrets are in ${folder}`);
