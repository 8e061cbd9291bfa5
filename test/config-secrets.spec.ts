import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describeVariables, loadConfig } from '../src/config.js';
import { complete, faultsOf, key, production, variablesAtFault } from './support/config-environment.js';

describe('keys', () => {
  test.each([
    ['the same key twice', (one: string) => `a:${one},b:${one}`],
    ['the same id twice', (one: string) => `a:${one},a:${key()}`],
    ['a key without id', (one: string) => one],
    ['an id with a dot', (one: string) => `a.b:${one}`],
    ['an empty id', (one: string) => `:${one}`],
    ['a short key', () => 'a:c2hvcnQ='],
    ['nothing but commas', () => ','],
  ])('%s is refused', (_name, list) => {
    expect(variablesAtFault({ ...complete, REFRESH_TOKEN_KEYS: list(key()) })).toEqual(['REFRESH_TOKEN_KEYS']);
  });

  test('one key for both purposes is refused', () => {
    const shared = key();
    const env = { ...complete, KEY_ENCRYPTION_KEY: shared, REFRESH_TOKEN_KEYS: `a:${key()},b:${shared}` };
    expect(variablesAtFault(env)).toEqual(['REFRESH_TOKEN_KEYS']);
  });

  test('base64url without padding is the same key', () => {
    const bytes = randomBytes(32);
    for (const encoding of ['base64', 'base64url'] as const) {
      const config = loadConfig({ ...complete, KEY_ENCRYPTION_KEY: bytes.toString(encoding) });
      expect(config.keyEncryptionKey.equals(bytes)).toBe(true);
    }
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  test('any secret may come from a file, with the line break that editors add', () => {
    const env = Object.fromEntries(
      Object.entries(complete).map(([name, text]) => [`${name}_FILE`, file(name, `${text}\n`)]),
    );
    expect(JSON.stringify(Object.entries(loadConfig(env)))).toBe(JSON.stringify(Object.entries(loadConfig(complete))));
  });

  test('keys in a file may stand on lines of their own', () => {
    const env = {
      ...complete,
      REFRESH_TOKEN_KEYS: undefined,
      REFRESH_TOKEN_KEYS_FILE: file('lines', `b:${key()}\na:${key()}\n`),
    };
    expect(loadConfig(env).refreshTokenKeys.map(({ id }) => id)).toEqual(['b', 'a']);
  });

  test('a secret that is set twice, missing, empty or unreadable is refused', () => {
    const withFile = (path: string, direct?: string) =>
      faultsOf({ ...complete, KEY_ENCRYPTION_KEY: direct, KEY_ENCRYPTION_KEY_FILE: path }).join();
    expect(withFile(file('twice', key()), key())).toMatch(/^KEY_ENCRYPTION_KEY is set twice/);
    expect(withFile(join(folder, 'nowhere'))).toMatch(/^KEY_ENCRYPTION_KEY_FILE names a file that does not exist/);
    expect(withFile(folder)).toMatch(/^KEY_ENCRYPTION_KEY_FILE names a folder/);
    expect(withFile(file('empty', '\n'))).toMatch(/^KEY_ENCRYPTION_KEY_FILE is an empty file/);
  });

  test('what is no secret is read from no file', () => {
    expect(loadConfig({ ...complete, PORT_FILE: file('port', '4000') }).port).toBe(3000);
  });

  test('the authority of the database must be a certificate, and the address must not speak against it', () => {
    const pem = file('ca.pem', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
    expect(loadConfig({ ...complete, DATABASE_CA_FILE: pem }).databaseCaFile).toBe(pem);
    expect(variablesAtFault({ ...complete, DATABASE_CA_FILE: join(folder, 'none') })).toEqual(['DATABASE_CA_FILE']);
    expect(variablesAtFault({ ...complete, DATABASE_CA_FILE: file('text', 'hello') })).toEqual(['DATABASE_CA_FILE']);
    const insecure = `${complete.DATABASE_URL}?sslmode=disable`;
    expect(variablesAtFault({ ...complete, DATABASE_CA_FILE: pem, DATABASE_URL: insecure })).toEqual(['DATABASE_URL']);
  });
});

describe('secrets', () => {
  test('are not shown when the configuration is logged', () => {
    const config = loadConfig({ ...complete, MIGRATION_DATABASE_URL: complete.DATABASE_URL });
    const shown = [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${config}`].join();
    expect(shown).toContain('"migrationDatabaseUrl":"[secret]"');
    expectHidden(shown, { ...complete, password: 's3cret-Of-Db' });
  });

  test('are not in the message, whatever is wrong with them', () => {
    const name = fc.constantFrom(...describeVariables().map((variable) => variable.name));
    const mangled = fc
      .tuple(fc.constantFrom(...Object.values(complete)), fc.string())
      .map(([secret, rest]) => secret + rest);
    fc.assert(
      fc.property(fc.dictionary(name, mangled), fc.boolean(), (env, inProduction) => {
        const faults = faultsOf({ ...env, ...(inProduction && { NODE_ENV: 'production' }) });
        expectHidden(faults.join(), { ...complete, password: 's3cret-Of-Db' });
      }),
    );
  });

  function expectHidden(text: string, secrets: Record<string, string>): void {
    const parts = Object.values(secrets).flatMap((secret) => secret.split(/[,:]/).filter((part) => part.length > 10));
    for (const part of parts) expect(text).not.toContain(part);
  }
});

test('production refuses every key that the documentation shows', () => {
  const root = join(import.meta.dirname, '..');
  const names = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  for (const text of pages.flatMap((page) => findKeys(readFileSync(join(root, page), 'utf8')))) {
    expect(variablesAtFault({ ...production, KEY_ENCRYPTION_KEY: text })).toEqual(['KEY_ENCRYPTION_KEY']);
  }
  const sample = key();
  expect(findKeys(`Say KEY_ENCRYPTION_KEY=${sample} and\nREFRESH_TOKEN_KEYS="a:${sample}"`)).toEqual([sample, sample]);
});

/** What a page gives as the value of a secret. */
function findKeys(page: string): string[] {
  const lines = page.split('\n').filter((line) => /KEY_ENCRYPTION_KEY|REFRESH_TOKEN_KEYS/.test(line));
  return lines.flatMap((line) => line.match(/(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43}(=|(?![A-Za-z0-9+/_-]))/g) ?? []);
}
