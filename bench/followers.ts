import { setTimeout as sleep } from 'node:timers/promises';
import { BenchProcess } from './bench-process.js';
import type { FollowersCommands } from './followers-process.js';
import { row, type Row } from './report.js';
import { BenchService } from './service.js';

/** In each of so many processes, as one that reads a thousand streams would be what is measured. */
const PROCESSES = 4;
const READERS = 240;
const VERIFIERS = 10;
const FOLLOWERS = PROCESSES * (READERS + VERIFIERS);

/** Revocations, each of a session of its own, and how long after one the next begins, in milliseconds. */
const REVOCATIONS = 200;
const PAUSE_MS = 50;

/** Milliseconds. */
const SETTLING = 10_000;

/** How long statements are counted, in seconds. */
const COUNTING = 10;

/** A thousand applications follow one instance: how late they know, what each costs in memory and in statements. */
export async function measureFollowers(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  const people = (await service.ask('signIn', REVOCATIONS)).map(({ accessToken }) => ({
    accessToken,
    sessionId: JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()).sid as string,
  }));
  const env = { SERVICE_URL: service.url, ISSUER: 'https://id.example.test', SECRET: await service.ask('secret') };
  const crowd = Array.from(
    { length: PROCESSES },
    () => new BenchProcess<FollowersCommands>('followers-process.js', env),
  );
  await Promise.all(crowd.map((one) => one.ready()));
  // What an instance needs for the first one is not counted for the others, nor what it does once after its start.
  await crowd[0]!.ask('follow', 1);
  await sleep(SETTLING);

  const alone = { memory: await service.ask('memory'), statements: await statementsOf(service) };
  await Promise.all(crowd.map((one) => one.ask('read', READERS)));
  await Promise.all(crowd.map((one, i) => one.ask('follow', VERIFIERS - (i === 0 ? 1 : 0))));
  await Promise.all(crowd.map((one) => one.ask('watch', people)));
  const followed = { statements: await statementsOf(service), memory: await service.ask('memory') };

  const delays = await revokeAll(service, people, crowd);
  for (const one of crowd) one.stop();
  service.stop();
  return report(delays, (followed.memory - alone.memory) / (FOLLOWERS - 1), alone.statements, followed.statements);
}

async function statementsOf(service: BenchService): Promise<number> {
  const before = await service.ask('statements');
  await sleep(COUNTING * 1000);
  return (await service.ask('statements')) - before;
}

/** From the answer to each sign-out to its refusal by each follower, in milliseconds. */
async function revokeAll(
  service: BenchService,
  people: { accessToken: string; sessionId: string }[],
  crowd: BenchProcess<FollowersCommands>[],
): Promise<number[]> {
  const revoked = new Map<string, number>();
  for (const { accessToken, sessionId } of people) {
    const headers = { authorization: `Bearer ${accessToken}` };
    const { status } = await fetch(`${service.url}/v1/auth/logout`, { method: 'POST', headers });
    revoked.set(sessionId, Number(process.hrtime.bigint() / 1000n));
    if (status !== 204) throw new Error(`the sign-out answered ${status}`);
    await sleep(PAUSE_MS);
  }
  // Who has not heard of it by now is late beyond any target.
  await sleep(3_000);
  const refusals = (await Promise.all(crowd.map((one) => one.ask('refusals')))).flat();
  return refusals.flatMap(([sessionId, times]) => times.map((time) => (time - revoked.get(sessionId)!) / 1000));
}

function report(delays: number[], memory: number, alone: number, followed: number): Row[] {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(1);
  const whole = `${sorted.length} of ${REVOCATIONS * FOLLOWERS} refusals`;
  return [
    row(
      `Revoked → refused by an application, ${FOLLOWERS} of which follow one instance`,
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${sorted.at(-1)?.toFixed(1)} ms`,
      'p99 < 100 ms',
      `${whole}; ${PROCESSES * VERIFIERS} are verifiers, the others readers of the stream; from the answer to the ` +
        'sign-out, less than nothing where the follower knew before',
    ),
    row(
      'Memory of the instance for one follower',
      `${(memory / 1024).toFixed(1)} kB`,
      '< 50 kB',
      'resident, with its connection',
    ),
    row(
      'Statements of the database for followers',
      `${((followed - alone) / COUNTING).toFixed(1)} / s`,
      '0',
      `${(followed / COUNTING).toFixed(1)} a second with ${FOLLOWERS} of them, ${(alone / COUNTING).toFixed(1)} with one`,
    ),
  ];
}
