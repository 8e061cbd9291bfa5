import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { steady } from './load.js';
import { row, type Row } from './report.js';
import { BenchService } from './service.js';

/** Protected requests a second on the instance that hears of the revocations. */
const RATE = 1_000;
const SECONDS = 20;
/** Revocations a second, each of a session of its own. */
const REVOCATIONS = 20;

/** From the answer to a sign-out on one instance to the first refusal of its access token by another. */
export async function measurePropagation(databaseUrl: string): Promise<Row[]> {
  const key = () => randomBytes(32).toString('base64');
  const env = { KEY_ENCRYPTION_KEY: key(), REFRESH_TOKEN_KEYS: `bench:${key()}` };
  const one = await BenchService.start(databaseUrl, undefined, env);
  const two = await BenchService.start(databaseUrl, undefined, env);
  const people = await one.ask('signIn', SECONDS * REVOCATIONS);
  const tokens = await one.ask('accessTokens', 1_000);
  await steady(`${two.url}/bench/protected`, tokens, 3, RATE);

  const load = steady(`${two.url}/bench/protected`, tokens, SECONDS, RATE);
  const agents = { one: new Agent({ keepAlive: true }), two: new Agent({ keepAlive: true }) };
  const times: number[] = [];
  const pause = 1_000 / REVOCATIONS;
  let done = false;
  void load.then(() => (done = true));
  for (const { accessToken } of people) {
    if (done) break;
    // Known to the other instance, so that what follows is the wait and not the first look at the token.
    await ask(agents.two, 'GET', `${two.url}/bench/protected`, accessToken);
    await ask(agents.one, 'POST', `${one.url}/v1/auth/logout`, accessToken);
    const revoked = performance.now();
    while ((await ask(agents.two, 'GET', `${two.url}/bench/protected`, accessToken)) === 200);
    times.push(performance.now() - revoked);
    await sleep(Math.max(0, pause - (performance.now() - revoked)));
  }
  const { faults, rate, p99 } = await load;
  for (const agent of Object.values(agents)) agent.destroy();
  one.stop();
  two.stop();

  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(1);
  return [
    row(
      `Revoked on one instance → refused on another, under ${RATE} protected requests/s there`,
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${sorted.at(-1)?.toFixed(1)} ms`,
      'p50 < 5 ms, p99 < 50 ms, max < 1 s',
      `${times.length} sign-outs; from the 204 to the answer that refuses, the request included; ${Math.round(rate)} ` +
        `requests/s beside them with p99 ${p99.toFixed(1)} ms and ${faults} faults`,
    ),
  ];
}

/** The status of the answer. */
function ask(agent: Agent, method: string, url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}
