import { median, row, type Row } from './report.js';
import { BenchService } from './service.js';

const ROUNDS = 3;

/** How long an instance that starts takes to know all that is revoked, by its own connection to the database. */
export async function measureIndexLoad(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl);
  const rows = [await measure(service, 100_000, '< 1 s'), await measure(service, 1_000_000, '< 5 s and < 100 MB')];
  service.stop();
  return rows;
}

async function measure(service: BenchService, entries: number, target: string): Promise<Row> {
  const known = await service.ask('deny', entries);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await service.ask('loadIndex'));
  const seconds = rounds.map((each) => each.seconds);
  const bytes = Math.max(...rounds.map((each) => each.bytes));
  return row(
    `Deny-list of ${known} entries loaded by an instance that starts`,
    `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}), ${(bytes / 1e6).toFixed(0)} MB`,
    target,
    `the longest wait of another task meanwhile: ${Math.max(...rounds.map((each) => each.longestWait)).toFixed(0)} ms`,
  );
}
