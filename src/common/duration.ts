const SECONDS_IN = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds in `'10s'`, `'15m'`, `'12h'`, `'14d'`. Throws a RangeError that says how to write one. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!count || !unit) throw new RangeError(`"${text}" is no duration. Write a whole number and s, m, h or d: 10m.`);
  return Number(count) * SECONDS_IN[unit as keyof typeof SECONDS_IN];
}
