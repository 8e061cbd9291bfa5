import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConfigFault } from './config-error.js';
import { describeReadFailure } from './file-failure.js';
import { findWeakness, HOW_TO_MAKE_A_KEY } from './secret-keys.js';
import type { VariableName, Values } from './variables.js';

type Known = Partial<Values>;
type Rule = (values: Known, production: boolean) => ConfigFault[];
type DurationName = {
  [N in VariableName]: Values[N] extends number ? N : never;
}[VariableName];

/** Rules between variables. Each looks only at values that could be read, so that faults do not cause one another. */
export function checkRules(values: Known, production: boolean): ConfigFault[] {
  return rules.flatMap((rule) => rule(values, production));
}

const rules: readonly Rule[] = [
  atMost('SESSION_IDLE', 'SESSION_MAX', 'a session cannot lie unused for longer than it lasts'),
  atMost('SESSION_IDLE_REMEMBERED', 'SESSION_MAX_REMEMBERED', 'a session cannot lie unused for longer than it lasts'),
  wellBelow('ACCESS_TOKEN_TTL', 'SESSION_IDLE'),
  wellBelow('ACCESS_TOKEN_TTL', 'SESSION_IDLE_REMEMBERED'),
  atMost('REVOCATION_MAX_STALENESS', 'ACCESS_TOKEN_TTL', 'a revocation must not arrive later than the token expires'),
  checkPublicUrl,
  checkRateLimits,
  checkTrustProxy,
  checkMigrationUrl,
  checkAuthority,
  checkSecretStrength,
  checkSeparateKeys,
];

function atMost(name: DurationName, limit: DurationName, reason: string): Rule {
  return (values) => {
    const [value, most] = [values[name], values[limit]];
    if (value === undefined || most === undefined || value <= most) return [];
    return [{ variable: name, problem: `must not be longer than ${limit}: ${reason}. Lower it, or raise ${limit}.` }];
  };
}

/** Use of an access token reaches the session's row up to two minutes later: until then it must not count as idle. */
function wellBelow(name: DurationName, limit: DurationName): Rule {
  return (values) => {
    const [value, most] = [values[name], values[limit]];
    if (value === undefined || most === undefined || value + 120 <= most) return [];
    const problem =
      `must be at least two minutes shorter than ${limit}: a session in use would end as idle. ` +
      `Lower it, or raise ${limit}.`;
    return [{ variable: name, problem }];
  };
}

/** Refresh tokens travel in cookies marked Secure, which browsers only send over https (or to this machine itself). */
function checkPublicUrl({ PUBLIC_URL: address }: Known, production: boolean): ConfigFault[] {
  if (!production || address === undefined || new URL(address).protocol === 'https:' || isLoopback(address)) return [];
  return [{ variable: 'PUBLIC_URL', problem: 'must begin with https:// in production.' }];
}

function checkRateLimits({ RATE_LIMITS: limits }: Known, production: boolean): ConfigFault[] {
  if (!production || limits !== 'off') return [];
  return [{ variable: 'RATE_LIMITS', problem: 'must not be off in production: anyone could try every password.' }];
}

function checkTrustProxy({ TRUST_PROXY: trusted }: Known, production: boolean): ConfigFault[] {
  if (!production || trusted !== true) return [];
  const problem =
    'must not be true in production: every client could then choose its own address. ' +
    'Write the addresses of the proxies in front of the service, such as 10.0.0.0/8.';
  return [{ variable: 'TRUST_PROXY', problem }];
}

function checkMigrationUrl(values: Known, production: boolean): ConfigFault[] {
  if (production || !('DATABASE_URL' in values)) return [];
  if (values.MIGRATION_DATABASE_URL === undefined || values.DATABASE_URL !== undefined) return [];
  return [{ variable: 'MIGRATION_DATABASE_URL', problem: 'needs DATABASE_URL too: both name the same database.' }];
}

function checkAuthority({ DATABASE_CA_FILE: path, ...urls }: Known): ConfigFault[] {
  if (path === undefined) return [];
  const faults: ConfigFault[] = [];
  const problem = findAuthorityProblem(path);
  if (problem) faults.push({ variable: 'DATABASE_CA_FILE', problem });
  for (const name of ['DATABASE_URL', 'MIGRATION_DATABASE_URL'] as const) {
    const url = urls[name];
    if (url === undefined || new URL(url).searchParams.get('sslmode') !== 'disable') continue;
    faults.push({ variable: name, problem: 'says sslmode=disable, but DATABASE_CA_FILE asks for TLS. Keep one.' });
  }
  return faults;
}

function findAuthorityProblem(path: string): string | undefined {
  try {
    const isPem = readFileSync(path, 'utf8').includes('-----BEGIN CERTIFICATE-----');
    return isPem ? undefined : 'names a file without a certificate in PEM format (-----BEGIN CERTIFICATE-----).';
  } catch (cause) {
    return describeReadFailure(cause);
  }
}

function checkSecretStrength(values: Known, production: boolean): ConfigFault[] {
  if (!production) return [];
  const faults: ConfigFault[] = [];
  for (const variable of ['KEY_ENCRYPTION_KEY', 'KEY_ENCRYPTION_KEY_PREVIOUS'] as const) {
    const weakness = values[variable] && findWeakness(values[variable]);
    if (weakness) faults.push({ variable, problem: `is no secret: it ${weakness}. ${HOW_TO_MAKE_A_KEY}` });
  }
  for (const { id, key } of values.REFRESH_TOKEN_KEYS ?? []) {
    const problem = findWeakness(key);
    if (!problem) continue;
    faults.push({
      variable: 'REFRESH_TOKEN_KEYS',
      problem: `has a weak key "${id}": it ${problem}. ${HOW_TO_MAKE_A_KEY}`,
    });
  }
  return faults;
}

/** One key for two purposes means that whoever learns one has both. */
function checkSeparateKeys(values: Known): ConfigFault[] {
  const { KEY_ENCRYPTION_KEY: key, KEY_ENCRYPTION_KEY_PREVIOUS: previous, REFRESH_TOKEN_KEYS: others = [] } = values;
  if (key && previous?.equals(key)) {
    const problem = 'holds the same key as KEY_ENCRYPTION_KEY. Take it away: there is nothing left for it to open.';
    return [{ variable: 'KEY_ENCRYPTION_KEY_PREVIOUS', problem }];
  }
  if (!key || !others.some((other) => other.key.equals(key))) return [];
  const problem = `holds the same key as KEY_ENCRYPTION_KEY. Each purpose needs its own. ${HOW_TO_MAKE_A_KEY}`;
  return [{ variable: 'REFRESH_TOKEN_KEYS', problem }];
}

function isLoopback(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}
