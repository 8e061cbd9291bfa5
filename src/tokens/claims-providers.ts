import { Injectable } from '@nestjs/common';

/** For whom an access token is about to be issued. */
export interface ClaimsSubject {
  userId: string;
  sessionId: string;
  applicationId: string;
}

/** Claims to add to every access token of this person; called at sign-in and at every refresh. */
export type ClaimsProvider = (subject: ClaimsSubject) => Promise<Record<string, unknown>> | Record<string, unknown>;

/** What the service itself says in a token (RFC 9068 §2.2, RFC 7519 §4.1) and nobody else may. */
const RESERVED = new Set(
  'iss sub aud exp nbf iat jti client_id sid ver aver auth_time acr amr roles scope cnf act may_act'.split(' '),
);

/**
 * Where other modules add claims. When what a provider would say has changed, call `UsersService.outdateTokens`, so
 * that tokens with the old claim are refused and the next ones carry the new.
 */
@Injectable()
export class ClaimsProviders {
  private readonly providers: ClaimsProvider[] = [];

  add(provider: ClaimsProvider): void {
    this.providers.push(provider);
  }

  /** All additional claims. Throws when a provider names a claim of the service's own, or one that another one named. */
  async claimsFor(subject: ClaimsSubject): Promise<Record<string, unknown>> {
    const claims: Record<string, unknown> = {};
    for (const provider of this.providers) {
      for (const [name, value] of Object.entries(await provider(subject))) {
        if (RESERVED.has(name))
          throw new Error(`A claims provider may not set "${name}": it is the service's own claim.`);
        if (Object.hasOwn(claims, name)) throw new Error(`Two claims providers set "${name}": give one another name.`);
        claims[name] = value;
      }
    }
    return claims;
  }
}
