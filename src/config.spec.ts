import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { complete, faultsOf, key, production, variablesAtFault } from '../test/support/config-environment.js';
import { describeVariables, loadConfig, readSettings } from './config.js';

describe('configuration', () => {
  test('what is not given has its documented default, in seconds where it is a duration', () => {
    expect(loadConfig(complete)).toMatchObject({
      production: false,
      port: 3000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      databasePoolSize: 10,
      migrateOnStart: true,
      dataDir: resolve('.data'),
      signingAlgorithm: 'ES256',
      keyRotation: 90 * 86_400,
      accessTokenTtl: 600,
      refreshGrace: 10,
      sessionIdle: 12 * 3600,
      sessionMax: 24 * 3600,
      sessionIdleRemembered: 14 * 86_400,
      sessionMaxRemembered: 90 * 86_400,
      sessionsPerUser: 50,
      sessionRetention: 30 * 86_400,
      auditRetention: 400 * 86_400,
      revocationMaxStaleness: 5,
      corsOrigins: [],
      trustProxy: false,
      logLevel: 'info',
    });
  });

  test('production listens for everyone and does not migrate by itself', () => {
    expect(loadConfig(production)).toMatchObject({ production: true, host: '0.0.0.0', migrateOnStart: false });
    expect(loadConfig({ ...production, HOST: '10.1.2.3', MIGRATE_ON_START: 'true' })).toMatchObject({
      host: '10.1.2.3',
      migrateOnStart: true,
    });
  });

  test('the first refresh token key signs, and all are kept in their order', () => {
    const { refreshTokenKeys } = loadConfig(complete);
    expect(refreshTokenKeys.map(({ id, key }) => [id, key.length])).toEqual([
      ['b', 32],
      ['a', 32],
    ]);
  });

  test('every fault is listed at once, by variable, with what to write', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      PORT: 'http',
      HOST: 'example.com',
      PUBLIC_URL: 'account.example.com',
      DATABASE_URL: 'mysql://db/portcullis',
      KEY_ENCRYPTION_KEY: 'c2hvcnQ=',
      ACCESS_TOKEN_TTL: '2h',
      SESSION_IDLE: '2d',
      SESSION_MAX: '1d',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
      MIGRATE_ON_START: 'maybe',
    });
    expect(faults).toEqual([
      'PORT must be a whole number from 0 to 65535.',
      expect.stringMatching(/^HOST must be an IP address of this machine or localhost/),
      expect.stringMatching(/^PUBLIC_URL must be an http or https address .* https:\/\/id\.example\.com/),
      expect.stringMatching(/^DATABASE_URL must be the address of a PostgreSQL database, such as postgres:/),
      'MIGRATE_ON_START must be true or false.',
      'KEY_ENCRYPTION_KEY must be 32 bytes in base64. Make one with: openssl rand -base64 32',
      expect.stringMatching(/^REFRESH_TOKEN_KEYS is missing \(or REFRESH_TOKEN_KEYS_FILE\)/),
      expect.stringMatching(/^ACCESS_TOKEN_TTL must be a duration from 1s to 1h/),
      expect.stringMatching(/^CORS_ORIGINS must be origins separated by commas/),
      expect.stringMatching(/^LOG_LEVEL must be one of fatal, error/),
      expect.stringMatching(/^SESSION_IDLE must not be longer than SESSION_MAX/),
    ]);
  });

  test('the message of the error names their number and each of them on its own line', () => {
    expect(() => loadConfig({ ...complete, PORT: '-1', LOG_LEVEL: 'loud' })).toThrow(
      /^2 settings have to be mended:\n {2}PORT must .*\n {2}LOG_LEVEL must .*$/,
    );
  });

  test.each([
    ['0s', 0],
    ['60s', 60],
    ['1m', 60],
  ])('a grace of %s is %d seconds', (text, seconds) => {
    expect(loadConfig({ ...complete, REFRESH_GRACE: text }).refreshGrace).toBe(seconds);
  });

  test.each(['61s', '2m', '10', '1.5s', '-1s', '500ms', '1h30m', ' s', '1 0s', '0x1s', '١s'])(
    'a grace of %j is refused',
    (text) => expect(variablesAtFault({ ...complete, REFRESH_GRACE: text })).toEqual(['REFRESH_GRACE']),
  );

  test('a variable that is set but empty counts as absent', () => {
    expect(loadConfig({ ...complete, PORT: '', LOG_LEVEL: '  ', MIGRATION_DATABASE_URL: '' }).port).toBe(3000);
  });

  test.each([
    ['SESSION_IDLE', { SESSION_IDLE: '25h' }],
    ['SESSION_IDLE_REMEMBERED', { SESSION_MAX_REMEMBERED: '1d' }],
    ['ACCESS_TOKEN_TTL', { ACCESS_TOKEN_TTL: '20m', SESSION_IDLE: '15m' }],
    ['REVOCATION_MAX_STALENESS', { REVOCATION_MAX_STALENESS: '11m' }],
    ['KEY_ENCRYPTION_KEY_PREVIOUS', { KEY_ENCRYPTION_KEY_PREVIOUS: complete.KEY_ENCRYPTION_KEY }],
    ['MIGRATION_DATABASE_URL', { DATABASE_URL: undefined, MIGRATION_DATABASE_URL: complete.DATABASE_URL }],
  ])('what contradicts another setting is refused: %s', (variable, env) => {
    expect(variablesAtFault({ ...complete, ...env })).toContain(variable);
  });

  test('origins are read as browsers write them', () => {
    const config = loadConfig({
      ...complete,
      PUBLIC_URL: 'https://Account.Example.com:443/',
      CORS_ORIGINS:
        'https://App.example.com/, http://localhost:5173,https://app.example.com,https://account.example.com',
    });
    expect(config.publicUrl).toBe('https://account.example.com');
    expect(config.corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173']);
  });

  test.each(['https://a.example/path', 'https://a.example?x', 'https://u:p@a.example', 'ftp://a.example', 'null', '*'])(
    '%s is no origin',
    (text) => {
      expect(variablesAtFault({ ...complete, PUBLIC_URL: text })).toEqual(['PUBLIC_URL']);
      expect(variablesAtFault({ ...complete, CORS_ORIGINS: `http://localhost,${text}` })).toEqual(['CORS_ORIGINS']);
    },
  );

  test('proxies are trusted by address', () => {
    const trusted = (text: string) => loadConfig({ ...complete, TRUST_PROXY: text }).trustProxy;
    expect(trusted('true')).toBe(true);
    expect(trusted('10.0.0.0/8, ::1,loopback')).toBe('10.0.0.0/8,::1,loopback');
    for (const text of ['1', 'proxy.example.com', '10.0.0.0/33', '10.0.0.0/8/8', ',']) {
      expect(variablesAtFault({ ...complete, TRUST_PROXY: text })).toEqual(['TRUST_PROXY']);
    }
  });
});

describe('production', () => {
  test('names everything it needs', () => {
    const needed = ['PUBLIC_URL', 'DATABASE_URL', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS'];
    expect(variablesAtFault({ NODE_ENV: 'production' })).toEqual(needed);
  });

  test('wants https, except on this machine itself', () => {
    const publicUrl = (PUBLIC_URL: string) => variablesAtFault({ ...production, PUBLIC_URL });
    expect(publicUrl('http://account.example.com')).toEqual(['PUBLIC_URL']);
    expect(publicUrl('http://localhost.example.com')).toEqual(['PUBLIC_URL']);
    expect(publicUrl('http://127.example.com')).toEqual(['PUBLIC_URL']);
    for (const own of ['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:3000'])
      expect(publicUrl(own)).toEqual([]);
  });

  test('trusts no proxy blindly', () => {
    expect(variablesAtFault({ ...production, TRUST_PROXY: 'true' })).toEqual(['TRUST_PROXY']);
  });

  test('does not do without limits on wrong passwords', () => {
    expect(variablesAtFault({ ...production, RATE_LIMITS: 'off' })).toEqual(['RATE_LIMITS']);
    expect(variablesAtFault({ ...complete, RATE_LIMITS: 'off' })).toEqual([]);
    expect(variablesAtFault({ ...complete, RATE_LIMITS: 'no' })).toEqual(['RATE_LIMITS']);
  });

  const weak: [string, Buffer][] = [
    ['zeroes', Buffer.alloc(32)],
    ['one byte repeated', Buffer.alloc(32, 0xa7)],
    ['two bytes repeated', Buffer.alloc(32, 'ab12', 'hex')],
    ['half a key repeated', Buffer.concat(Array(2).fill(randomBytes(16)) as Buffer[])],
    ['readable text', Buffer.from('correct horse battery staple 123')],
    ['a counter', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
    ['a counter backwards', Buffer.from(Array.from({ length: 32 }, (_, index) => 250 - 3 * index))],
  ];

  test.each(weak)('refuses %s as a secret, which development accepts', (_name, bytes) => {
    const text = bytes.toString('base64');
    const [asKey, asList] = [{ KEY_ENCRYPTION_KEY: text }, { REFRESH_TOKEN_KEYS: `new:${key()},old:${text}` }];
    expect(variablesAtFault({ ...production, ...asKey })).toEqual(['KEY_ENCRYPTION_KEY']);
    const asPrevious = { KEY_ENCRYPTION_KEY_PREVIOUS: text };
    expect(variablesAtFault({ ...production, ...asPrevious })).toEqual(['KEY_ENCRYPTION_KEY_PREVIOUS']);
    expect(variablesAtFault({ ...production, ...asList })).toEqual(['REFRESH_TOKEN_KEYS']);
    expect(variablesAtFault({ ...complete, ...asKey })).toEqual([]);
    expect(variablesAtFault({ ...complete, ...asList })).toEqual([]);
  });

  test('accepts every random key', () => {
    fc.assert(
      fc.property(fc.constant(null).map(key), (text) => {
        expect(variablesAtFault({ ...production, KEY_ENCRYPTION_KEY: text })).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('no environment makes it throw anything but the list of faults', () => {
  const names = describeVariables().flatMap(({ name }) => [name, `${name}_FILE`]);
  const sensible = fc.constantFrom(
    '1',
    'true',
    '10m',
    'https://a.example',
    'postgres://u:p@h/d',
    'a:b',
    key(),
    '%',
    '/',
    '\0',
  );
  const text = fc.oneof(sensible, fc.string({ unit: 'binary' }));
  const environment = fc.dictionary(fc.constantFrom(...names, 'NODE_ENV'), text, { maxKeys: 30 });
  fc.assert(
    fc.property(environment, (env) => {
      for (const fault of faultsOf(env)) expect(fault).toMatch(/^[A-Z_]+ [a-z]/);
    }),
    { numRuns: 1_000 },
  );
});

test('settings that leave the database and secrets to be made are no fault in development', () => {
  expect(readSettings({}).values).toMatchObject({ PORT: 3000, DATABASE_URL: undefined });
});

test('every variable says what it means and what is taken without it', () => {
  for (const { name, meaning, fallback } of describeVariables()) {
    expect(name).toMatch(/^[A-Z_]+$/);
    expect(meaning).toMatch(/^[A-Z`].*\.$/);
    expect(fallback).not.toBe('');
  }
});
