/**
 * The session an access token names, verified or not, expired or not: good for refusing a contradiction, and for
 * nothing else. A tab left over from an earlier sign-in must not act for whoever came after. Null for what is no token.
 */
export function sessionNamedIn(accessToken: string | null): string | null {
  try {
    const claims = JSON.parse(Buffer.from(accessToken?.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims?.sid === 'string' ? claims.sid : null;
  } catch {
    return null;
  }
}
