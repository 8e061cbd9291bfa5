/**
 * The next value of a version column: one more, or the seconds since 1970 if that is more, so that a restored backup
 * can never hand out a number twice. For use in SQL.
 */
export function raised(column: string): string {
  return `greatest(${column} + 1, floor(extract(epoch from now()))::bigint)`;
}
