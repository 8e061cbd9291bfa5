/** One line of the table in docs/performance.md. */
export interface Row {
  what: string;
  measured: string;
  target: string;
  detail: string;
}

export function row(what: string, measured: string, target: string, detail = ''): Row {
  return { what, measured, target, detail };
}

export function toMarkdown(rows: Row[]): string {
  const lines = rows.map(({ what, measured, target, detail }) => `| ${what} | ${measured} | ${target} | ${detail} |`);
  return ['| what | measured | target | detail |', '|---|---|---|---|', ...lines].join('\n');
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
