import { steady } from './load.js';
import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const CALLERS = 64;
const ROUNDS = 3;
/** Sessions ended in a round, so that it takes some seconds. */
const GROUPED = 10_000;
const ALONE = 1_000;
const SINGLE = 500;

const BURST = 10_000;
const BURSTS = 5;
/** Who ask at the same moment in the burst: more than an instance has connections open in most places. */
const BURST_CALLERS = 1_000;
const RATE = 500;

/** Ends of sessions by as many callers at a time, sharing transactions and with one each, on the same server. */
export async function measureSessionEnds(databaseUrl: string): Promise<Row[]> {
  // A connection for every caller, so that those who do not share are held up by the database alone.
  const env = { DATABASE_POOL_SIZE: String(CALLERS) };
  const grouped = await BenchService.start(databaseUrl, '0', env);
  const alone = await BenchService.start(databaseUrl, '0', env);
  await alone.ask('endEachAlone');
  const measure = async (service: BenchService, count: number, callers = CALLERS) => {
    const { ids } = await service.ask('sessions', count);
    return service.ask('end', { ids, callers });
  };
  for (const service of [grouped, alone]) await measure(service, ALONE);

  const pairs: { grouped: number; alone: number }[] = [];
  const singles: typeof pairs = [];
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({ grouped: await measure(grouped, GROUPED), alone: await measure(alone, ALONE) });
    singles.push({ grouped: await measure(grouped, SINGLE, 1), alone: await measure(alone, SINGLE, 1) });
  }
  alone.stop();
  // Were it held to one processor, it would wait there for PostgreSQL while the other has room.
  grouped.runOn('0,1');
  const burst = await measureBurst(grouped);
  grouped.stop();
  return [
    compare(
      `Session ends ÷ the same with one transaction each (${CALLERS} callers at a time, every commit on disk)`,
      '≥ 5',
      pairs,
    ),
    compare('The same with one caller, which waits for nobody', '≈ 1', singles),
    burst,
  ];
}

function compare(what: string, target: string, pairs: { grouped: number; alone: number }[]): Row {
  const ratios = pairs.map(({ grouped, alone }) => grouped / alone);
  const rate = (side: 'grouped' | 'alone') => Math.round(median(pairs.map((pair) => pair[side])));
  return row(
    what,
    `${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)})`,
    target,
    `${rate('grouped')} beside ${rate('alone')} a second`,
  );
}

/** What ordinary requests feel while ten thousand sessions are ended, all asked for in one moment. */
async function measureBurst(service: BenchService): Promise<Row> {
  const tokens = await service.ask('accessTokens', 1_000);
  const url = `${service.url}/bench/protected`;
  await steady(url, tokens, 2, RATE);
  const rounds: { quiet: number; burst: number; seconds: number; faults: number }[] = [];
  for (let round = 0; round < BURSTS; round++) {
    const { ids } = await service.ask('sessions', BURST);
    // What making them left behind is cleared up now: it would be during the burst.
    await service.ask('memory');
    const quiet = await steady(url, tokens, 3, RATE);
    const ending = service.ask('end', { ids, callers: BURST_CALLERS });
    const loud = await steady(url, tokens, 3, RATE);
    rounds.push({
      quiet: quiet.p99,
      burst: loud.p99,
      seconds: BURST / (await ending),
      faults: quiet.faults + loud.faults,
    });
  }
  const figure = (name: keyof (typeof rounds)[number]) => median(rounds.map((each) => each[name]));
  return row(
    `p99 of protected requests (${RATE}/s) in the three seconds of a burst of ${BURST} session ends ÷ in quiet, on all processors`,
    (figure('burst') / figure('quiet')).toFixed(1),
    '≤ 2',
    `${figure('burst').toFixed(1)} ms beside ${figure('quiet').toFixed(1)} ms; the burst took ${figure('seconds').toFixed(1)} s; ${rounds.reduce((sum, { faults }) => sum + faults, 0)} faults`,
  );
}
