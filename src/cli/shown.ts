import { jsonLine } from '../audit/json-line.js';

/** A value as text on one line, however odd it is: much of what is printed was written by anybody. */
export function shown(value: unknown, most = 200): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent');
  return text.slice(0, most).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** What needs no quotes: in it is neither a space nor anything that parts one member from the next. */
const WORD = /^[\w.:@/+-]+$/;

/** `{ device: 'My phone', roles: ['admin', 'editor'] }` as `device="My phone" roles=admin,editor`, each member cut short. */
export function members(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${quoted(name)}=${cut(memberText(value))}`)
    .join(' ');
}

function memberText(value: unknown): string {
  if (!Array.isArray(value)) return quoted(value);
  return value.length === 0 ? 'none' : value.map(quoted).join(',');
}

function quoted(value: unknown): string {
  return typeof value === 'string' && WORD.test(value) ? value : jsonLine(value ?? null).trimEnd();
}

/** Longer than the name of a device or a dozen roles; what is longer, `--json` prints. */
const LONGEST_MEMBER = 120;

function cut(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST_MEMBER ? `${characters.slice(0, LONGEST_MEMBER).join('')}…` : text;
}
