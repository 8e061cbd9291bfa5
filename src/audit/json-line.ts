/** What JSON leaves as it is and a terminal, an editor or a log viewer may act on: control, format and separator characters. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A value as one line of JSON (https://jsonlines.org), its line feed included. Whatever people put into names, reasons
 * or user agents, it can neither break the line nor steer what shows it.
 */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replaceAll(ACTIVE, escapeUnit)}\n`;
}

/** Characters past U+FFFF as the two units that JSON writes them with (RFC 8259 §7). */
function escapeUnit(character: string): string {
  return Array.from(
    { length: character.length },
    (_, place) => `\\u${character.charCodeAt(place).toString(16).padStart(4, '0')}`,
  ).join('');
}
