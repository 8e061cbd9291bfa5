const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How times are written: in English, as the pages are, by the person's own habits of English when they have any. */
export interface TimeStyle {
  locale: string;
  /** An IANA name; the browser's own when left out. */
  timeZone?: string | undefined;
}

/** The first English among the browser's languages: "6 December" or "December 6", 18:00 or 6:00 PM. */
export function pageStyle(languages: readonly string[]): TimeStyle {
  return { locale: languages.find((language) => /^en\b/i.test(language) && isLanguageTag(language)) ?? 'en-GB' };
}

/** Chromium on a Linux without a language says "en-US@posix", which no function of `Intl` takes. */
function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}

/** "just now", "2 minutes ago", "yesterday", then the date. A moment ahead of `now` (clocks differ) is just now. */
export function ago(moment: number, now: number, style: TimeStyle): string {
  const age = now - moment;
  if (age < MINUTE) return 'just now';
  if (age < HOUR) return `${plural(Math.floor(age / MINUTE), 'minute')} ago`;
  const days = daysBetween(moment, now, style);
  if (days === 0 || age < 6 * HOUR) return `${plural(Math.floor(age / HOUR), 'hour')} ago`;
  if (days === 1) return 'yesterday';
  if (days < 14) return `${days} days ago`;
  return `on ${date(moment, now, style)}`;
}

/** When something ends: "in 5 minutes", "today at 18:00", "tomorrow at 18:00", "on Sunday, 6 December". */
export function until(moment: number, now: number, style: TimeStyle): string {
  const left = moment - now;
  if (left < MINUTE) return 'within a minute';
  if (left < HOUR) return `in ${plural(Math.floor(left / MINUTE), 'minute')}`;
  const days = daysBetween(now, moment, style);
  if (days === 0) return `today at ${clock(moment, style)}`;
  if (days === 1) return `tomorrow at ${clock(moment, style)}`;
  if (days < 7) return `on ${format(moment, style, { weekday: 'long' })} at ${clock(moment, style)}`;
  return `on ${date(moment, now, style)}`;
}

/** The heading of a day in a list: "Today", "Yesterday", "Monday, 16 November". */
export function dayHeading(moment: number, now: number, style: TimeStyle): string {
  const days = daysBetween(moment, now, style);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const year = sameYear(moment, now, style) ? {} : ({ year: 'numeric' } as const);
  return format(moment, style, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}

/** "18:04" or "6:04 PM". */
export function clock(moment: number, style: TimeStyle): string {
  return format(moment, style, { timeStyle: 'short' });
}

/** "6 December", with the year when it is another one. */
export function date(moment: number, now: number, style: TimeStyle): string {
  const year = sameYear(moment, now, style) ? {} : ({ year: 'numeric' } as const);
  return format(moment, style, { day: 'numeric', month: 'long', ...year });
}

/** In full, for the tooltip: "6 December 2026 at 18:04". */
export function fullTime(moment: number, style: TimeStyle): string {
  return format(moment, style, { dateStyle: 'long', timeStyle: 'short' });
}

/** A waiting time in words: "20 seconds", "2 minutes". `seconds` is rounded up, so that nobody comes too early. */
export function duration(seconds: number): string {
  if (seconds < 90) return plural(Math.max(1, Math.ceil(seconds)), 'second');
  if (seconds < 90 * 60) return plural(Math.ceil(seconds / 60), 'minute');
  return plural(Math.ceil(seconds / 3600), 'hour');
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Midnights between two moments, in the person's own time zone. */
function daysBetween(earlier: number, later: number, style: TimeStyle): number {
  return Math.round((dayNumber(later, style) - dayNumber(earlier, style)) / DAY);
}

/** The moment's calendar day as midnight UTC: days of 23 and 25 hours count as one. */
function dayNumber(moment: number, { timeZone }: TimeStyle): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(moment);
  return Date.parse(`${parts}T00:00:00Z`);
}

function sameYear(a: number, b: number, style: TimeStyle): boolean {
  return format(a, style, { year: 'numeric' }) === format(b, style, { year: 'numeric' });
}

function format(moment: number, { locale, timeZone }: TimeStyle, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, { timeZone, ...options }).format(moment);
}
