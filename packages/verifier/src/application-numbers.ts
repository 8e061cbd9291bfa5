/** Beyond it an application has no number of its own, and its entries are as everyone's. */
const MAX_NUMBER = 2 ** 16 - 1;

const numbers = new Map<string, number>();
/** By number; 0 is for entries that concern every application. */
const names: (string | undefined)[] = [undefined];

/**
 * A number of 16 bits for the id of an application, so that an entry needs no reference to a string; 0 for none. They
 * are given as ids come, once and for the whole process: there are few applications, and many entries.
 */
export function numberOfApplication(applicationId: string | undefined): number {
  if (applicationId === undefined) return 0;
  const known = numbers.get(applicationId);
  if (known !== undefined) return known;
  if (names.length > MAX_NUMBER) return 0;
  numbers.set(applicationId, names.length);
  return names.push(applicationId) - 1;
}

/** The id that was given this number; undefined for 0. */
export function applicationOfNumber(number: number): string | undefined {
  return names[number];
}
