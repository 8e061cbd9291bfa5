import { z } from 'zod';

/** What people call themselves or a device: one line of at most `max` characters, none of them a control character. */
export function displayName(max: number) {
  return z
    .string()
    .trim()
    .min(1, 'Write at least one character.')
    .max(max, `Write at most ${max} characters.`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'Leave out control characters.');
}
