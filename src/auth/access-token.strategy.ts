import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { callbackify } from 'node:util';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
import type { Principal } from '../common/principal.js';
import { AccessTokenVerification } from '../tokens/access-token-verification.js';
import { bearerToken } from './bearer-token.js';

/**
 * Verifies a token the first time this instance sees it. passport-jwt does the signature step and only that: the
 * header is checked before it, where the key is chosen, and the claims and the deny-list after it, by the same code
 * that other applications run.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly verification: AccessTokenVerification) {
    super({
      jwtFromRequest: (request: unknown) => bearerToken(request as FastifyRequest),
      // jsonwebtoken takes a KeyObject as it is; made from a PEM string it would cost as much as the check itself.
      secretOrKeyProvider: callbackify(
        async (_request: unknown, token: string) => (await verification.findKey(token)).key as never,
      ),
      algorithms: ['ES256', 'RS256'],
      // The verifier's claims check decides, with its leeway and its order.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      passReqToCallback: true,
    });
    // passport has one table of strategies for the whole process: of two services in it, each needs its own.
    this.name = `access-token-${randomUUID()}`;
    passport.use(this.name, this);
  }

  validate(request: FastifyRequest): Principal {
    return this.verification.accept(bearerToken(request) ?? '').principal;
  }
}
