import { Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { LastActivityService } from '../sessions/last-activity.service.js';
import { AccessTokenVerification, type AdmittedToken } from '../tokens/access-token-verification.js';
import { AccessCookie } from './access-cookie.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { bearerToken } from './bearer-token.js';
import { cookieUseOf } from './cookie-use.js';
import { LiveMessages } from './live/live-messages.js';
import { assertApplication, assertTokenOf } from './own-application.js';
import { RecentAuth } from './recent-auth.js';
import { policyOf, type RoutePolicy } from './route-policy.js';

/**
 * Stands before every route: private unless it is `@Public()`. It asks no database. For a token seen before it runs
 * without a promise, which is what makes a protected route about as fast as a public one.
 */
@Injectable()
export class AccessGuard extends AuthGuard() {
  constructor(
    strategy: AccessTokenStrategy,
    private readonly clock: Clock,
    private readonly verification: AccessTokenVerification,
    private readonly sync: RevocationSync,
    private readonly activity: LastActivityService,
    private readonly recentAuth: RecentAuth,
    private readonly cookie: AccessCookie,
    private readonly messages: LiveMessages,
  ) {
    super({ defaultStrategy: strategy.name });
  }

  // passport's guard always answers with a promise; ours need not.
  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const policy = policyOf(context);
    if (policy.public) return true;
    if (context.getType() === 'ws') return this.messages.admit(context.getArgByIndex<WebSocket>(0), policy);

    // As switchToHttp().getRequest(), which makes an object with three functions at each call.
    const request = context.getArgByIndex<FastifyRequest>(0);
    const token = bearerToken(request);
    if (token === null) return this.byCookie(request, policy);
    const now = this.clock.now();
    if (!this.sync.isFresh(now, policy.staleness))
      return this.sync.awaitFresh().then(() => this.authenticate(context, request, token, policy, this.clock.now()));
    return this.authenticate(context, request, token, policy, now);
  }

  /** Errors of the strategy are ours already, or jsonwebtoken's about the signature. */
  override handleRequest<T>(error: unknown, principal: T | false, info: unknown): T {
    if (error) throw error;
    if (principal) return principal;
    if (info instanceof AppError) throw info;
    throw new AppError('token_invalid', { cause: info, log: 'signature' });
  }

  private authenticate(
    context: ExecutionContext,
    request: FastifyRequest,
    token: string,
    policy: RoutePolicy,
    now: number,
  ): true | Promise<true> {
    const known = this.verification.recall(token, now);
    if (known === null) return this.verify(context, request, policy);
    this.admitBearer(request, known.principal, policy);
    return this.noteUse(known, policy, now);
  }

  private async verify(context: ExecutionContext, request: FastifyRequest, policy: RoutePolicy): Promise<true> {
    await super.canActivate(context);
    const { user } = request as unknown as { user: Principal };
    this.admitBearer(request, user, policy);
    if (policy.countsAsUse) this.activity.note(user.sessionId);
    return true;
  }

  private admitBearer(request: FastifyRequest, principal: Principal, policy: RoutePolicy): void {
    if (request.headers.cookie !== undefined) this.cookie.assertOneSession(request, principal);
    this.admit(request, principal, policy);
  }

  private byCookie(request: FastifyRequest, policy: RoutePolicy): true | Promise<true> {
    const token = this.cookie.find(request, cookieUseOf(request, policy));
    if (token === null) throw new AppError('token_missing');
    if (this.sync.isFresh(this.clock.now(), policy.staleness)) return this.admitCookie(request, token, policy);
    return this.sync.awaitFresh().then(() => this.admitCookie(request, token, policy));
  }

  /** Without passport, which looks for a token where bearers have it; the steps are the same. */
  private admitCookie(request: FastifyRequest, token: string, policy: RoutePolicy): true | Promise<true> {
    const known = this.verification.recall(token);
    if (known) return this.admitFromPage(request, known, policy);
    return this.verification
      .findKey(token)
      .then(() => this.admitFromPage(request, this.verification.authenticate(token), policy));
  }

  private admitFromPage(request: FastifyRequest, admitted: AdmittedToken, policy: RoutePolicy): true {
    const use = cookieUseOf(request, policy);
    assertTokenOf(use.applicationId, admitted.principal);
    this.cookie.assertOwnPage(request, admitted.principal.sessionId, use);
    this.admit(request, admitted.principal, policy);
    return this.noteUse(admitted, policy, this.clock.now());
  }

  private admit(request: FastifyRequest, principal: Principal, policy: RoutePolicy): void {
    assertApplication(principal, policy);
    if (policy.roles && !policy.roles.some((role) => principal.roles.includes(role))) throw new AppError('forbidden');
    if (policy.recentAuth !== null) this.recentAuth.assert(principal, policy.recentAuth);
    request.principal = principal;
  }

  /** To the second, as a note costs about what the rest of the guard does. `now`: unix ms. */
  private noteUse(admitted: AdmittedToken, policy: RoutePolicy, now: number): true {
    if (!policy.countsAsUse) return true;
    const second = Math.floor(now / 1000);
    // Not "later": a clock that was set back must not silence it.
    if (second !== admitted.notedAt) {
      admitted.notedAt = second;
      this.activity.note(admitted.principal.sessionId, now);
    }
    return true;
  }
}
