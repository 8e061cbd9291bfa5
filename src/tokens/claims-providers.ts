import { Injectable } from '@nestjs/common';

/** For whom an access token is about to be issued. */
export interface ClaimsSubject {
  userId: string;
  sessionId: string;
  applicationId: string;
}

/** What providers said of one person. */
export type AdditionalClaims = Record<string, unknown>;

/** Claims to add to every access token of this person; called at sign-in and at every refresh. */
export type ClaimsProvider = (subject: ClaimsSubject) => Promise<AdditionalClaims> | AdditionalClaims;

/** What the service itself says in a token (RFC 9068 §2.2, RFC 7519 §4.1) and nobody else may. */
const RESERVED = new Set(
  'iss sub aud exp nbf iat jti client_id sid ver aver auth_time acr amr roles scope cnf act may_act'.split(' '),
);

/** Characters of JSON that all providers may add: the rest of a token takes some 700 of the 8,192 a verifier reads. */
const MAX_LENGTH = 4_096;

/**
 * Where other modules add claims. What changes them goes through `UsersService.changeClaims`, so that tokens with the
 * old claims are refused and the next ones carry the new.
 */
@Injectable()
export class ClaimsProviders {
  private readonly providers: ClaimsProvider[] = [];

  add(provider: ClaimsProvider): void {
    this.providers.push(provider);
  }

  get isEmpty(): boolean {
    return this.providers.length === 0;
  }

  /**
   * All additional claims. Throws when a provider names a claim of the service's own or one that another one named, or
   * when they are more than a token can hold.
   */
  async claimsFor(subject: ClaimsSubject): Promise<AdditionalClaims> {
    const claims: AdditionalClaims = {};
    for (const provider of this.providers) {
      for (const [name, value] of Object.entries(await provider(subject))) {
        if (RESERVED.has(name))
          throw new Error(`A claims provider may not set "${name}": it is the service's own claim.`);
        if (Object.hasOwn(claims, name)) throw new Error(`Two claims providers set "${name}": give one another name.`);
        claims[name] = value;
      }
    }
    const { length } = JSON.stringify(claims);
    if (length > MAX_LENGTH) throw new Error(`Claims providers add ${length} characters; ${MAX_LENGTH} fit a token.`);
    return claims;
  }
}
