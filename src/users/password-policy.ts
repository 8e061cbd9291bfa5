import { dictionary } from '@zxcvbn-ts/language-common';

/** NIST SP 800-63B-4 §3.1.1.2: a length, a list, and nothing about which characters. Lengths in code points. */
export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 256;

/** Characters that must remain once everything that others know about the account is taken out. */
const UNRELATED_MIN = 6;

const COMMON = new Set(dictionary['passwords-common']);

/** What anyone might guess from: the account's own words. */
export interface PasswordContext {
  email: string;
  name?: string | null;
}

/** One spelling for what looks the same, whatever keyboard typed it (NIST SP 800-63B-4 §3.1.1.2 asks for NFC or NFKC). */
export function normalisePassword(password: string): string {
  return password.normalize('NFC');
}

/** Whether both are kept as the same. */
export function isSamePassword(one: string, other: string): boolean {
  return normalisePassword(one) === normalisePassword(other);
}

/** A sentence that says why a new password is refused; null when it is accepted. */
export function passwordFault(password: string, context: PasswordContext): string | null {
  const text = normalisePassword(password);
  const length = [...text].length;
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters.`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters.`;
  if (COMMON.has(text.toLowerCase())) return 'This password is among the most common ones: choose another.';
  if ([...unrelatedPart(text, context)].length < UNRELATED_MIN) {
    return 'This password is too close to your e-mail address or name: choose another.';
  }
  return null;
}

function unrelatedPart(password: string, { email, name }: PasswordContext): string {
  const words = ['portcullis', email, name ?? '', ...email.split(/[^\p{L}\p{N}]+/u), ...(name ?? '').split(/\s+/)];
  return words
    .map((word) => normalisePassword(word).toLowerCase())
    .filter((word) => word.length >= 3)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, word) => rest.replaceAll(word, ''), password.toLowerCase());
}
