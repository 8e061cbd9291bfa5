import { Agent, request } from 'node:http';
import { randomBytes } from 'node:crypto';
import { row, type Row } from './report.js';
import { BenchService } from './service.js';

/** Who are signed in when everyone is signed out. `OPERATORS_SESSIONS=10000` for a quick look. */
const SESSIONS = Number(process.env.OPERATORS_SESSIONS ?? 1_000_000);
const SUSPENSIONS = Number(process.env.OPERATORS_SUSPENSIONS ?? 300);
const ROUNDS = 5;
/** Tokens that are asked about after everyone was signed out. */
const ASKED = 200;
/** Milliseconds after which a token that is still accepted is a failure and no figure. */
const GIVEN_UP = 10_000;

/** From the operator's call until another instance refuses: one account, and everyone. */
export async function measureOperators(databaseUrl: string): Promise<Row[]> {
  // Both instances have the same keys, as those of a fleet do.
  const env = {
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    REFRESH_TOKEN_KEYS: `bench:${randomBytes(32).toString('base64')}`,
  };
  const one = await BenchService.start(databaseUrl, undefined, env);
  const two = await BenchService.start(databaseUrl, undefined, env);
  const agent = new Agent({ keepAlive: true });
  const rows = [await measureSuspensions(one, two, agent), ...(await measureEveryone(one, two, agent))];
  agent.destroy();
  one.stop();
  two.stop();
  return rows;
}

async function measureSuspensions(one: BenchService, two: BenchService, agent: Agent): Promise<Row> {
  const people = await one.ask('signIn', SUSPENSIONS);
  const took: number[] = [];
  for (const { userId, accessToken } of people) {
    if ((await get(agent, two, accessToken)) !== 200) throw new Error('a good token was refused');
    const start = performance.now();
    const acting = one.ask('suspend', userId);
    await until(async () => (await get(agent, two, accessToken)) === 403);
    took.push(performance.now() - start);
    await acting;
  }
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(0);
  return row(
    'From the call to suspend an account until another instance refuses it, p99',
    `${at(0.99)} ms`,
    '< 100 ms',
    `p50 ${at(0.5)} ms, max ${at(1)} ms, ${SUSPENSIONS} accounts one after the other`,
  );
}

async function measureEveryone(one: BenchService, two: BenchService, agent: Agent): Promise<Row[]> {
  await one.ask('fill', SESSIONS);
  const before = await one.ask('fingerprint');
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const people = await one.ask('signIn', ASKED);
    const [first] = people;
    await Promise.all(
      [one, two].map(async (service) => {
        if ((await get(agent, service, first!.accessToken)) !== 200) throw new Error('a good token was refused');
      }),
    );
    const start = performance.now();
    const acting = one.ask('signOutEveryone');
    await until(async () => (await get(agent, two, first!.accessToken)) === 401);
    await acting;
    took.push(performance.now() - start);
    for (const { accessToken, refreshToken } of people) {
      const answers = [await get(agent, one, accessToken), await get(agent, two, accessToken)];
      if (answers.some((status) => status !== 401)) throw new Error('somebody is still signed in');
      if ((await refresh(agent, two, refreshToken)) !== 401) throw new Error('somebody can still refresh');
    }
  }
  const untouched = (await one.ask('fingerprint')) === before;
  return [
    row(
      `From the call to sign everyone out of ${SESSIONS.toLocaleString('en')} sessions until all instances refuse, slowest`,
      `${Math.max(...took).toFixed(0)} ms`,
      '< 1,000 ms',
      `fastest ${Math.min(...took).toFixed(0)} ms of ${ROUNDS}; ${ASKED} people were asked about each time`,
    ),
    row('Session rows that were touched on the way', untouched ? 'none' : 'some', 'none'),
  ];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + GIVEN_UP;
  while (!(await holds())) if (performance.now() > end) throw new Error(`still accepted after ${GIVEN_UP} ms`);
}

function get(agent: Agent, service: BenchService, token: string): Promise<number> {
  return status(agent, `${service.url}/v1/sessions/current`, { authorization: `Bearer ${token}` });
}

function refresh(agent: Agent, service: BenchService, refreshToken: string): Promise<number> {
  const body = JSON.stringify({ refreshToken });
  return status(agent, `${service.url}/v1/auth/refresh`, { 'content-type': 'application/json' }, body);
}

function status(agent: Agent, url: string, headers: Record<string, string>, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}
