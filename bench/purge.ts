import { spawnSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import { atRate, steady, type LoadResult } from './load.js';
import { row, type Row } from './report.js';
import { BenchService } from './service.js';

/** PURGE_ROWS=100000 for a look that takes seconds. */
const ROWS = Number(process.env.PURGE_ROWS ?? 10_000_000);
/** For how long the purge is watched: ten million rows take it some twenty minutes. */
const WATCHED_SECONDS = Number(process.env.PURGE_SECONDS ?? Infinity);
const SESSIONS = 2_000;
/** Requests a second. */
const PROTECTED = 300;
const REFRESHES = 50;
const SECONDS = 10;

/** Protected requests and refreshes at steady rates, in quiet and while both purges have as many rows to delete. */
export async function measurePurge(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  const { refreshTokens } = await service.ask('sessions', SESSIONS);
  const tokens = await service.ask('accessTokens', 1_000);
  await service.ask('leaveExpired', ROWS);
  // What the system has not written yet, it would write in the quiet rounds.
  spawnSync('sync');
  const agent = new Agent({ keepAlive: true });
  const measure = async () => {
    const [requests, refreshes] = await Promise.all([
      steady(`${service.url}/bench/protected`, tokens, SECONDS, PROTECTED),
      atRate(SECONDS, REFRESHES, (sent) => refresh(agent, service.url, refreshTokens, sent % SESSIONS)),
    ]);
    return { requests, refreshes };
  };
  await measure();
  const quiet = [await measure(), await measure()];

  let over = false;
  const start = performance.now();
  // It goes on when nobody watches any more; then it ends with the service.
  void service.ask('purge').finally(() => (over = true));
  const loud: typeof quiet = [];
  while (!over && loud.length * SECONDS < WATCHED_SECONDS) loud.push(await measure());
  const seconds = (performance.now() - start) / 1000;
  const left = await service.ask('countExpired');
  if (over) quiet.push(await measure());
  agent.destroy();
  service.stop();
  const deleted = `${ROWS - left} of ${ROWS} rows in ${Math.round(seconds)} s`;
  return (['requests', 'refreshes'] as const).map((kind) => {
    const [calm, busy] = [quiet, loud].map((rounds) => summary(rounds.map((round) => round[kind])));
    return row(
      `p99 of ${kind === 'requests' ? `protected requests (${PROTECTED}/s)` : `refreshes (${REFRESHES}/s)`} during a purge ÷ in quiet`,
      (busy!.p99 / calm!.p99).toFixed(2),
      '≤ 2',
      `${busy!.p99.toFixed(1)} ms (worst ten seconds ${busy!.worst.toFixed(1)}) beside ${calm!.p99.toFixed(1)} ms ` +
        `(${calm!.worst.toFixed(1)}); ${busy!.faults + calm!.faults} faults; ${deleted}`,
    );
  });
}

/** The p99 of the middle round, and of the worst. */
function summary(rounds: LoadResult[]): { p99: number; worst: number; faults: number } {
  const p99s = rounds.map(({ p99 }) => p99).toSorted((a, b) => a - b);
  return {
    p99: p99s[p99s.length >> 1]!,
    worst: p99s.at(-1)!,
    faults: rounds.reduce((sum, { faults }) => sum + faults, 0),
  };
}

/** Milliseconds for one refresh, whose token takes the place of the older one; null for a fault. */
function refresh(agent: Agent, url: string, tokens: string[], place: number): Promise<number | null> {
  return new Promise((resolve) => {
    const start = performance.now();
    const headers = { 'content-type': 'application/json' };
    const sending = request(`${url}/v1/auth/refresh`, { agent, method: 'POST', headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const took = performance.now() - start;
        if (answer.statusCode !== 200) return resolve(null);
        tokens[place] = (JSON.parse(Buffer.concat(chunks).toString()) as { refreshToken: string }).refreshToken;
        resolve(took);
      });
    });
    sending.on('error', () => resolve(null));
    sending.end(JSON.stringify({ refreshToken: tokens[place] }));
  });
}
