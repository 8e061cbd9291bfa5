/* What the in-process benchmarks share: rounds, medians, a table. */
import { cpus } from 'node:os';

if (!globalThis.gc) throw new Error('run with --expose-gc');

const rows = [];

export function report(what, measured, target = '') {
  rows.push([what, measured, target]);
}

export function printReport() {
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0].model}\n`);
  console.log('| what | measured | target |\n|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

export const round = (number, digits = 0) => number.toLocaleString('en', { maximumFractionDigits: digits });
export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
export const mebibytes = (bytes) => `${round(bytes / 2 ** 20, 1)} MiB`;

/** Nanoseconds per operation over one round. */
export function time(operations, operate) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < operations; i++) operate(i);
  return Number(process.hrtime.bigint() - start) / operations;
}

/** Bytes of heap that one operation leaves behind, in the quietest of five rounds. */
export function heapPerOperation(operations, operate) {
  const rounds = Array.from({ length: 5 }, () => {
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < operations; i++) operate(i);
    return (process.memoryUsage().heapUsed - before) / operations;
  });
  return Math.max(0, Math.min(...rounds));
}

/** Everything unreachable gone, array buffers included: those are freed after the collection that finds them. */
export async function settle() {
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
