import { z } from 'zod';

/**
 * What people call themselves or a device: one line of at most `max` characters, none of them a control character, and
 * none that turns the direction of the text around it (Unicode Bidirectional Algorithm, UAX #9).
 */
export function displayName(max: number) {
  return z
    .string()
    .trim()
    .min(1, 'Write at least one character.')
    .max(max, `Write at most ${max} characters.`)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'Leave out control characters.');
}
