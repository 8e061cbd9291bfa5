import { steady } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const RATE = 500;
const SECONDS = 6;
const ROUNDS = 3;
const ATTACKERS = 30;

/** Protected requests at a steady rate, first alone and then beside as many sign-ins as 30 clients can start. */
export async function measureSignInStorm(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  const tokens = await service.ask('accessTokens', 1_000);
  const url = `${service.url}/bench/protected`;
  await steady(url, tokens, 3, RATE);
  const pairs: { quiet: number; storm: number; signIns: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const quiet = await steady(url, tokens, SECONDS, RATE);
    const storm = startStorm(service.url);
    const loud = await steady(url, tokens, SECONDS, RATE);
    pairs.push({ quiet: quiet.p99, storm: loud.p99, signIns: (await storm.stop()) / SECONDS });
  }
  service.stop();
  const ratios = pairs.map(({ quiet, storm }) => storm / quiet);
  return [
    row(
      `p99 of protected requests (${RATE}/s) in a storm of sign-ins ÷ in quiet`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      '≤ 2',
      `${median(pairs.map(({ storm }) => storm)).toFixed(1)} ms beside ${median(pairs.map(({ quiet }) => quiet)).toFixed(1)} ms; ` +
        `${Math.round(median(pairs.map(({ signIns }) => signIns)))} attempts a second`,
    ),
  ];
}

function startStorm(url: string): { stop(): Promise<number> } {
  let running = true;
  let attempts = 0;
  const body = JSON.stringify({ email: 'nobody@example.com', password: 'not the password' });
  const clients = Array.from({ length: ATTACKERS }, async () => {
    while (running) {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${url}/v1/auth/login`, { method: 'POST', headers, body }).then((answer) => answer.text());
      attempts++;
    }
  });
  return {
    stop: async () => {
      running = false;
      await Promise.all(clients);
      return attempts;
    },
  };
}
