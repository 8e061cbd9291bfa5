import { BenchProcess } from './bench-process.js';
import type { ExpressCommands } from './express-process.js';
import { saturate, type LoadResult } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const TOKENS = 1_000;
const DENIED = 100_000;
const ROUNDS = 9;
const SECONDS = 3;

/** The same route of the same Express application, with and without the verifier, which follows a full deny-list. */
export async function measureExpress(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  await service.ask('deny', DENIED);
  const tokens = await service.ask('accessTokens', TOKENS);
  const env = { SERVICE_URL: service.url, ISSUER: 'https://id.example.test', SECRET: await service.ask('secret') };
  const api = new BenchProcess<ExpressCommands>('express-process.js', env, '0');
  await api.ready();
  const url = `http://127.0.0.1:${await api.ask('port')}`;
  const denied = await api.ask('revocations');
  const measure = async (path: string): Promise<LoadResult & { cpu: number }> => {
    const before = await api.ask('cpu');
    const result = await saturate(url + path, tokens, SECONDS);
    return { ...result, cpu: ((await api.ask('cpu')) - before) / result.total };
  };
  for (const path of ['/open', '/protected']) await measure(path);

  const open: Awaited<ReturnType<typeof measure>>[] = [];
  const guarded: typeof open = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes from round to round, so that a drift of the machine favours neither.
    for (const side of round % 2 ? [guarded, open] : [open, guarded]) {
      side.push(await measure(side === open ? '/open' : '/protected'));
    }
  }
  api.stop();
  service.stop();
  const ratios = guarded.map(({ rate }, round) => rate / open[round]!.rate);
  const faults = [...open, ...guarded].reduce((sum, one) => sum + one.faults, 0);
  const cost = median(guarded.map(({ cpu }) => cpu)) - median(open.map(({ cpu }) => cpu));
  return [
    row(
      `Express with the verifier ÷ the same route unprotected, requests/s (${TOKENS} tokens in turn, ${denied} deny entries)`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      '≥ 0.90',
      `${Math.round(median(guarded.map(({ rate }) => rate)))} of ${Math.round(median(open.map(({ rate }) => rate)))} requests/s; ` +
        `the verifier costs ${cost.toFixed(1)} µs of processor time a request; ${faults} faults`,
    ),
  ];
}
