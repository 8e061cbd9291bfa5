import type { FieldError } from '../errors/app-error.js';

/** Bodies of this API are flat; deeper nesting is an attack on whoever walks it. */
const maxDepth = 16;

const loneSurrogate = /\p{Surrogate}/u;

/**
 * What no text and no object of a request may contain, whatever its schema says; null when there is none of it.
 *
 * NUL cannot be stored by PostgreSQL; a lone surrogate would be stored as another character than the one that was sent
 * (two passwords would become one); `__proto__` and `constructor.prototype` are how parsed JSON reaches the prototype
 * of every object.
 *
 * @param pointer the JSON pointer of the value
 */
export function inputFault(value: unknown, pointer = '', depth = 0): FieldError | null {
  if (typeof value === 'string') return textFault(value, pointer);
  if (typeof value !== 'object' || value === null) return null;
  if (depth === maxDepth) return { pointer: shorten(pointer), detail: `At most ${maxDepth} levels of nesting.` };
  if (Array.isArray(value)) return arrayFault(value, pointer, depth);
  return objectFault(value as Record<string, unknown>, pointer, depth);
}

function textFault(text: string, pointer: string): FieldError | null {
  if (text.includes('\0')) return { pointer: shorten(pointer), detail: 'Text without the character U+0000.' };
  if (loneSurrogate.test(text)) return { pointer: shorten(pointer), detail: 'Well-formed Unicode text.' };
  return null;
}

function arrayFault(items: unknown[], pointer: string, depth: number): FieldError | null {
  for (let index = 0; index < items.length; index++) {
    const fault = inputFault(items[index], `${pointer}/${index}`, depth + 1);
    if (fault) return fault;
  }
  return null;
}

function objectFault(object: Record<string, unknown>, pointer: string, depth: number): FieldError | null {
  for (const key of Object.keys(object)) {
    const inner = `${pointer}/${pointerToken(key)}`;
    if (key === '__proto__' || (key === 'constructor' && reachesPrototype(object[key]))) {
      return { pointer: shorten(inner), detail: 'A field of this name is not accepted.' };
    }
    const fault = textFault(key, pointer) ?? inputFault(object[key], inner, depth + 1);
    if (fault) return fault;
  }
  return null;
}

function reachesPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** One reference token of a JSON pointer (RFC 6901, section 3). */
export function pointerToken(key: PropertyKey): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Names of fields come from the client: an answer repeats so much of them and no more. */
export function shorten(text: string, max = 120): string {
  return text.length <= max ? text : `${text.slice(0, max)}...`;
}
