import type { core } from 'zod';

import type { FieldError } from '../errors/app-error.js';
import { pointerToken, shorten } from './input-text.js';

/** More faults than a person corrects in one go, and few enough that an answer stays small whatever was sent. */
const maxErrors = 20;

/** The faults a schema found, as the API tells them: at most 20, each with a pointer and what is expected. */
export function fieldErrors(issues: readonly core.$ZodIssue[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    for (const error of issueErrors(issue)) {
      if (errors.length === maxErrors) return errors;
      errors.push(error);
    }
  }
  return errors;
}

function* issueErrors(issue: core.$ZodIssue): Generator<FieldError> {
  const path = issue.path.map((key) => `/${pointerToken(key)}`).join('');
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      yield { pointer: shorten(`${path}/${pointerToken(key)}`), detail: 'Unknown field; leave it out.' };
    }
    return;
  }
  yield { pointer: shorten(path), detail: shorten(issue.message, 300) };
}

/**
 * Says what is expected, where a schema has no words of its own. What was sent is not repeated: it may be a password.
 * Returns undefined for kinds of issues that already say it.
 */
export const expectation: core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `Required: ${article(issue.expected)}.`
        : `Expected ${article(issue.expected)}.`;
    case 'invalid_value':
      return `Expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}.`;
    case 'too_small':
      if (issue.origin === 'string' && Number(issue.minimum) === 1) return 'Write at least one character.';
      return bound('At least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('At most', issue.maximum, issue.origin);
    case 'invalid_format':
      return formats[issue.format] ?? 'Expected another format.';
    case 'invalid_union':
      return 'Expected one of the forms in the API reference.';
    default:
      return undefined;
  }
};

const formats: Record<string, string> = {
  email: 'Expected an e-mail address.',
  uuid: 'Expected a UUID.',
  url: 'Expected a URL.',
  datetime: 'Expected a time in ISO 8601.',
};

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function bound(words: string, limit: number | bigint, origin: string): string {
  const units: Record<string, string> = { string: ' character', array: ' item', set: ' item' };
  const unit = units[origin] ?? '';
  return `${words} ${limit}${unit}${unit !== '' && Number(limit) !== 1 ? 's' : ''}.`;
}
