/**
 * The next value of a version column: one more, or the milliseconds since 1970 if that is more, so that a restored backup
 * can never hand out a number twice. Not seconds: two changes in one of them would be past the clock, where a backup
 * restored in that second begins again. For use in SQL.
 */
export function raised(column: string): string {
  return `greatest(${column} + 1, floor(extract(epoch from now()) * 1000)::bigint)`;
}
