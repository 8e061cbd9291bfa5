import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pin } from './bench-process.js';
import { steady } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const RATE = 500;
const SECONDS = 6;
const ROUNDS = 9;
/** Rounds until code that runs 140 times a second is compiled as well as it ever will be. */
const WARM_UP = 5;

/** The service and its hashing have one processor, whoever asks them the other: in earnest they share none. */
const SERVICE = '0';
const CLIENTS = '1';

/** Protected requests at a steady rate, first alone and then beside as many sign-ins as 30 clients can start. */
export async function measureSignInStorm(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl, SERVICE);
  const tokens = await service.ask('accessTokens', 1_000);
  const url = `${service.url}/bench/protected`;
  const pairs: { quiet: number; storm: number; signIns: number; faults: number }[] = [];
  const unpin = pin(process.pid, CLIENTS);
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const quiet = await steady(url, tokens, SECONDS, RATE);
    const storm = await startStorm(service.url);
    const start = performance.now();
    const loud = await steady(url, tokens, SECONDS, RATE);
    const seconds = (performance.now() - start) / 1000;
    const { attempts, faults } = await storm.stop();
    if (round < WARM_UP) continue;
    const all = faults + quiet.faults + loud.faults;
    pairs.push({ quiet: quiet.p99, storm: loud.p99, signIns: attempts / seconds, faults: all });
  }
  service.stop();
  unpin();
  const ratios = pairs.map(({ quiet, storm }) => storm / quiet);
  return [
    row(
      `p99 of protected requests (${RATE}/s) in a storm of sign-ins ÷ in quiet, clients on another processor`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      '≤ 2',
      `${median(pairs.map(({ storm }) => storm)).toFixed(1)} ms beside ${median(pairs.map(({ quiet }) => quiet)).toFixed(1)} ms; ` +
        `${Math.round(median(pairs.map(({ signIns }) => signIns)))} attempts a second; ` +
        `${pairs.reduce((sum, { faults }) => sum + faults, 0)} faults`,
    ),
  ];
}

/** A storm that is under way. */
async function startStorm(url: string): Promise<{ stop(): Promise<{ attempts: number; faults: number }> }> {
  const storm = fork(fileURLToPath(new URL('sign-in-storm-process.js', import.meta.url)), [url]);
  await once(storm, 'message');
  return {
    stop: async () => {
      storm.send('stop');
      const [counted] = (await once(storm, 'message')) as [{ attempts: number; faults: number }];
      return counted;
    },
  };
}
