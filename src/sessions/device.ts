import Bowser from 'bowser';

export interface Device {
  browser: string | null;
  os: string | null;
  kind: 'desktop' | 'mobile' | 'tablet' | 'other';
}

/** What a user agent says of itself; a client can write what it likes, so it serves recognition and nothing else. */
export function parseDevice(userAgent: string | null): Device {
  if (!userAgent) return { browser: null, os: null, kind: 'other' };
  const { browser, os, platform } = Bowser.parse(userAgent);
  const kind = platform.type;
  return {
    browser: knownName(browser.name) ?? productOf(userAgent),
    os: os.name || null,
    kind: kind === 'desktop' || kind === 'mobile' || kind === 'tablet' ? kind : 'other',
  };
}

/** "Firefox on Windows": what a person calls a device before naming it. */
export function describeDevice({ browser, os }: Device): string {
  if (browser && os) return `${browser} on ${os}`;
  return browser ?? os ?? 'Unknown device';
}

/** For a browser that it does not know, Bowser gives whatever stands before a slash: that is no name. */
function knownName(name: string | undefined): string | null {
  return name !== undefined && /^\w[\w .-]{0,39}$/.test(name) ? name : null;
}

/** The first product of the header (RFC 9110 §10.1.5): "curl" of "curl/8.5.0". */
function productOf(userAgent: string): string | null {
  return /^[\w.-]{1,40}(?=\/|$|\s)/.exec(userAgent)?.[0] ?? null;
}
