/** The longest anyone waits for a limit that somebody else can reach: a quarter of an hour, in seconds. */
const WINDOW = 15 * 60;

/**
 * How many attempts a window allows, and how long it lasts from its first attempt (seconds). What was right is given
 * back, so sign-in and step-up count failures; attempts that are refused do not lengthen the window.
 */
export const rateLimits = {
  /** Wrong passwords for one account from one source: more than anyone mistypes. */
  'sign_in.account_source': { points: 10, seconds: WINDOW },
  /** Wrong passwords from one source, whatever the account: an office full of people behind one address. */
  'sign_in.source': { points: 100, seconds: WINDOW },
  /** Wrong passwords for one account from everywhere that is new to it: it takes five sources to reach this. */
  'sign_in.account': { points: 50, seconds: WINDOW },
  /** Wrong passwords of who is signed in: the holder of a stolen access token guesses no faster than a stranger. */
  'step_up.session': { points: 10, seconds: WINDOW },
  /** Accounts made from one source, and addresses asked about in that way: a school class may register at once. */
  'register.source': { points: 100, seconds: 60 * 60 },
  /** Wrong secrets of applications from one source. Right ones are not counted, and not refused for it. */
  'client.source': { points: 100, seconds: WINDOW },
} as const satisfies Record<string, { points: number; seconds: number }>;

export type RateLimitName = keyof typeof rateLimits;
