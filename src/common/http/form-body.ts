import { isUtf8 } from 'node:buffer';

import { AppError } from '../errors/app-error.js';
import { inputFault, pointerToken, shorten } from './input-text.js';

export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** The parameters of a form; what was sent without a value was not sent (RFC 6749, section 3.2). */
export type Form = Readonly<Record<string, string>>;

/** Throws `validation_failed` for what is no form, and for a parameter that is there twice (RFC 6749, section 3.2). */
export function parseForm(body: Buffer): Form {
  if (!isUtf8(body)) throw invalidForm('', 'A form in UTF-8.');
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (form.has(name)) throw invalidForm(shorten(`/${pointerToken(name)}`), 'Send each parameter once.');
    form.set(name, value);
  }
  const given = Object.fromEntries([...form].filter(([, value]) => value !== ''));
  const fault = inputFault(given);
  if (fault) throw invalidForm(fault.pointer, fault.detail);
  return given;
}

function invalidForm(pointer: string, detail: string): AppError {
  return new AppError('validation_failed', { detail, errors: [{ pointer, detail }] });
}
