import { readDuration } from '../common/duration.js';
import { UsageError } from './usage-error.js';

/** Seconds; `usual`: what is set for all. (commander takes null for nothing typed.) */
export type TypedSeconds = number | 'usual';

/** A duration as it is typed. Throws a UsageError that says how to write one. */
export function readSeconds(option: string, text: string): TypedSeconds {
  if (text === 'usual') return text;
  const seconds = readDuration(text);
  if (seconds !== undefined) return seconds;
  throw new UsageError(`${option} takes a duration such as 10m, 12h or 14d, or "usual". It was given "${text}".`);
}
