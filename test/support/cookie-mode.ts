import { Browser } from './browser.js';
import { newEmail, PASSWORD, type Answer } from './device.js';
import type { Service } from './service.js';

export const REFRESH = '__Host-portcullis-account';
export const ACCESS = '__Host-portcullis-access-account';
export const CSRF = 'portcullis-csrf-account';

/** Somebody whose browser has signed in in full cookie mode. */
export interface CookieSignIn {
  browser: Browser;
  email: string;
  answer: Answer;
  userId: string;
  sessionId: string;
}

export async function registerByCookie(
  service: Service,
  options: Record<string, unknown> = {},
  from?: Record<string, string>,
): Promise<CookieSignIn> {
  const browser = new Browser(service, from);
  const email = newEmail();
  const answer = await browser.post('/v1/auth/register', { email, password: PASSWORD, accessCookie: true, ...options });
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { browser, email, answer, userId: answer.body.user.id, sessionId: answer.body.session.id };
}

/** What a page of the service adds to a request that changes something. */
export function csrf({ cookies }: Browser): { headers: Record<string, string> } {
  return { headers: { 'x-csrf-token': cookies[CSRF] ?? '' } };
}

/** A Cookie header. */
export function cookieHeader(cookies: Record<string, string | undefined>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}
