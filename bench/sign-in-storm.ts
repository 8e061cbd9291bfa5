import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { steady } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const RATE = 500;
const SECONDS = 6;
const ROUNDS = 3;

/** Protected requests at a steady rate, first alone and then beside as many sign-ins as 30 clients can start. */
export async function measureSignInStorm(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  const tokens = await service.ask('accessTokens', 1_000);
  const url = `${service.url}/bench/protected`;
  await steady(url, tokens, 3, RATE);
  const pairs: { quiet: number; storm: number; signIns: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const quiet = await steady(url, tokens, SECONDS, RATE);
    const storm = await startStorm(service.url);
    const start = performance.now();
    const loud = await steady(url, tokens, SECONDS, RATE);
    const attempts = await storm.stop();
    pairs.push({ quiet: quiet.p99, storm: loud.p99, signIns: (attempts * 1000) / (performance.now() - start) });
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

/** A storm that is under way. */
async function startStorm(url: string): Promise<{ stop(): Promise<number> }> {
  const storm = fork(fileURLToPath(new URL('sign-in-storm-process.js', import.meta.url)), [url]);
  await once(storm, 'message');
  return {
    stop: async () => {
      storm.send('stop');
      const [{ attempts }] = (await once(storm, 'message')) as [{ attempts: number }];
      return attempts;
    },
  };
}
