import { randomInt } from 'node:crypto';
import { rateLimits, type RateLimitName } from '../../src/limits/rate-limits.js';
import { PASSWORD, send, type Answer } from './device.js';
import type { Service } from './service.js';

export const WRONG = 'not the password';

/** The service behind a proxy that tells where a request comes from: with it, tests come from wherever they like. */
export const BEHIND_PROXY = { TRUST_PROXY: 'loopback' };

export function from(ip: string): Record<string, string> {
  return { 'x-forwarded-for': ip };
}

/** An address that no other call has returned, almost certainly. */
export function newAddress(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
}

/** One attempt to sign in from an address. */
export function signIn(service: Pick<Service, 'url'>, email: string, ip: string, password = PASSWORD): Promise<Answer> {
  return send(service, '/v1/auth/login', { body: { email, password, delivery: 'body' }, headers: from(ip) });
}

/** So many wrong passwords at the same time; the statuses of the answers, sorted. */
export async function guess(service: Pick<Service, 'url'>, email: string, ip: string, times: number) {
  const answers = await Promise.all(Array.from({ length: times }, () => signIn(service, email, ip, WRONG)));
  return answers.map(({ status }) => status).toSorted((a, b) => a - b);
}

/** As after so many attempts that were made a moment ago. */
export async function countAs(
  { db }: Pick<Service, 'db'>,
  limit: RateLimitName,
  subject: string,
  points: number,
): Promise<void> {
  const expire = Date.now() + rateLimits[limit].seconds * 1000;
  await db.query(
    `insert into rate_limits (key, points, expire) values ($1, $2, $3)
     on conflict (key) do update set points = excluded.points, expire = excluded.expire`,
    [`${limit}:${subject}`, points, expire],
  );
}

/** Lets the time of every limit pass: as much as `seconds`. */
export async function passTime({ db }: Pick<Service, 'db'>, seconds: number): Promise<void> {
  await db.query('update rate_limits set expire = expire - $1', [seconds * 1000]);
}
