import { domainToASCII } from 'node:url';

/**
 * One spelling for one mailbox, so that an account is found however it is typed: NFKC, lower case, the domain in ASCII
 * (RFC 5890). The local part keeps dots and tags: what they mean is the provider's business.
 * Null when it is no address.
 */
export function normaliseEmail(text: string): string | null {
  const email = text.trim().normalize('NFKC').toLowerCase();
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at);
  const domain = domainToASCII(email.slice(at + 1));
  const wellFormed = at > 0 && local.length <= 64 && DOMAIN.test(domain) && !/[\s"<>@,;:\\[\]\p{C}]/u.test(local);
  return wellFormed ? `${local}@${domain}` : null;
}

/** Labels of letters, digits and hyphens, at least two of them (RFC 5321 §4.1.2), 253 octets at most. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
