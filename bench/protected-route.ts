import { saturate, type LoadResult } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const TOKENS = 1_000;
const DENIED = 100_000;
const ROUNDS = 7;
const SECONDS = 4;

/** The same route of the same process, public and protected in turn, with tokens seen before and a full deny-list. */
export async function measureProtectedRoute(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl, '0');
  const denied = await service.ask('deny', DENIED);
  const tokens = await service.ask('accessTokens', TOKENS);
  const measure = async (path: string): Promise<LoadResult & { cpu: number }> => {
    const before = await service.ask('cpu');
    const result = await saturate(service.url + path, tokens, SECONDS);
    return { ...result, cpu: ((await service.ask('cpu')) - before) / result.total };
  };
  for (const path of ['/bench/public', '/bench/protected']) await measure(path);

  const open: Awaited<ReturnType<typeof measure>>[] = [];
  const guarded: typeof open = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes from round to round, so that a drift of the machine favours neither.
    for (const side of round % 2 ? [guarded, open] : [open, guarded]) {
      side.push(await measure(side === open ? '/bench/public' : '/bench/protected'));
    }
  }
  service.stop();
  const ratios = guarded.map((result, round) => result.rate / open[round]!.rate);
  const faults = [...open, ...guarded].reduce((sum, { faults }) => sum + faults, 0);
  const cost = median(guarded.map(({ cpu }) => cpu)) - median(open.map(({ cpu }) => cpu));
  return [
    row(
      `Protected route ÷ the same route public, requests/s (${TOKENS} tokens seen before, ${denied} deny entries)`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      '≥ 0.90',
      `${Math.round(median(guarded.map(({ rate }) => rate)))} of ${Math.round(median(open.map(({ rate }) => rate)))} requests/s; ` +
        `the guard costs ${cost.toFixed(1)} µs of processor time a request; ${faults} faults`,
    ),
  ];
}
