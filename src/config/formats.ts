import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration, readDuration } from '../common/duration.js';

/** Browsers keep no cookie longer than 400 days (RFC 6265bis section 5.5), so no session can last longer either. */
export const LONGEST_SESSION = '400d';

/** A schema whose message is the whole problem, as in "PORT must be ...". */
function parsed<T>(mustBe: string, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value === undefined) {
      context.addIssue({ code: 'custom', message: mustBe });
      return z.NEVER;
    }
    return value;
  });
}

/** A duration in seconds, between two durations, both included. */
export function duration(shortest: string, longest: string) {
  const [least, most] = [parseDuration(shortest), parseDuration(longest)];
  const mustBe = `must be a duration from ${shortest} to ${longest}: a whole number and s, m, h or d, such as 10m.`;
  return parsed(mustBe, (text) => {
    const seconds = readDuration(text);
    return seconds !== undefined && seconds >= least && seconds <= most ? seconds : undefined;
  });
}

export function integer(least: number, most: number) {
  return parsed(`must be a whole number from ${least} to ${most}.`, (text) => {
    const value = Number(text);
    return /^\d{1,9}$/.test(text) && value >= least && value <= most ? value : undefined;
  });
}

export function boolean() {
  return parsed('must be true or false.', (text) => (text === 'true' ? true : text === 'false' ? false : undefined));
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]) {
  return parsed(`must be one of ${choices.join(', ')}.`, (text) => choices.find((choice) => choice === text));
}

export function nonEmpty(mustBe: string) {
  return parsed(mustBe, (text) => (text.includes('\0') ? undefined : text));
}

/** The origin of an address that is nothing but an origin: no path, query, fragment or credentials. */
export function parseOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return undefined;
  return url.href === `${url.origin}/` && !/[?#]/.test(text) ? url.origin : undefined;
}

/** An http or https origin, as browsers write it: lower case, no default port, no trailing slash. */
export function origin(example: string) {
  return parsed(`must be an http or https address without path or query, such as ${example}.`, parseOrigin);
}

export function origins() {
  const mustBe = 'must be origins separated by commas, such as https://app.example.com,http://localhost:5173.';
  return parsed(mustBe, (text) => {
    const list = separate(text).map(parseOrigin);
    return list.every((item) => item !== undefined) ? [...new Set(list)] : undefined;
  });
}

export function hostAddress() {
  const mustBe = 'must be an IP address of this machine or localhost: 127.0.0.1 for itself only, 0.0.0.0 for everyone.';
  return parsed(mustBe, (text) => (isIP(text) || text === 'localhost' ? text : undefined));
}

export function postgresUrl() {
  const mustBe =
    'must be the address of a PostgreSQL database, such as postgres://user:password@host:5432/database ' +
    '(with / ? # @ : % in user or password written as %2F %3F %23 %40 %3A %25).';
  return parsed(mustBe, (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !['postgres:', 'postgresql:'].includes(url.protocol) || url.pathname.length < 2) return undefined;
    return canDecode(url) ? text : undefined;
  });
}

/** What Fastify takes as `trustProxy`: false, true, or addresses. (It trusts nobody where it is given a number of hops.) */
export function trustProxy() {
  const mustBe =
    'must be false, or the addresses of the proxies in front of the service separated by commas, ' +
    'such as 10.0.0.0/8 or loopback.';
  return parsed(mustBe, (text): boolean | string | undefined => {
    if (text === 'true' || text === 'false') return text === 'true';
    const list = separate(text);
    return list.length > 0 && list.every(isProxyAddress) ? list.join(',') : undefined;
  });
}

function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** The drivers decode user, password and database name, and throw on a stray percent sign. */
function canDecode(url: URL): boolean {
  try {
    [url.username, url.password, url.pathname].forEach(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
}

function separate(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
