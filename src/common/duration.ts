const SECONDS_IN = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds in `'10s'`, `'15m'`, `'12h'`, `'14d'`; undefined for what is no duration. */
export function readDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return count && unit ? Number(count) * SECONDS_IN[unit as keyof typeof SECONDS_IN] : undefined;
}

/** As `readDuration`, but throws a RangeError that says how to write one. */
export function parseDuration(text: string): number {
  const seconds = readDuration(text);
  if (seconds === undefined) {
    throw new RangeError(`"${text}" is no duration. Write a whole number and s, m, h or d: 10m.`);
  }
  return seconds;
}
