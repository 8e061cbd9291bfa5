/** Where its pages are, as far as browsers know: cookies of plain http, which this machine alone may have. */
export const PUBLIC_URL = 'http://localhost:3000';

/** REVOCATION_MAX_STALENESS of the instances, in seconds: short, so that what is late is seen soon. */
export const STALENESS = 3;

/** REFRESH_GRACE, in seconds. */
export const GRACE = 10;

export const INSTANCES = 3;

/** To what people sign in: the built-in application, which cannot be disabled, and another one. */
export const APPLICATIONS = ['account', 'shop'] as const;
export type ApplicationId = (typeof APPLICATIONS)[number];
