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
  const domain = asciiDomain(email.slice(at + 1));
  const wellFormed = at > 0 && local.length <= 64 && domain !== null && !NOT_IN_LOCAL.test(local);
  return wellFormed ? `${local}@${domain}` : null;
}

/** Quoted and commented local parts (RFC 5322 §3.4.1) are nobody's; what is invisible would make two accounts look like one. */
const NOT_IN_LOCAL = /[\s"<>@,;:\\[\]\p{C}]/u;

/** What an internationalised name is written with; ZWNJ and ZWJ belong to it (RFC 5892, appendix A). */
const DOMAIN_TEXT = /^[\u200d\u200c\p{L}\p{M}\p{N}.\u3002-]+$/u;

/**
 * Labels of letters, digits and hyphens, at least two of them (RFC 5321 §4.1.2), 253 octets at most. The last begins
 * with a letter, so that no spelling of an IP address passes.
 */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Looked at before as well as after: domainToASCII reads a URL, drops a path or a line break and decodes `%61`. */
function asciiDomain(text: string): string | null {
  if (!DOMAIN_TEXT.test(text)) return null;
  const domain = domainToASCII(text);
  return DOMAIN.test(domain) ? domain : null;
}
