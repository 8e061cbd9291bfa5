import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApplicationsService } from '../../applications/applications.service.js';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors/app-error.js';
import type { Principal } from '../../common/principal.js';
import { RevocationSync } from '../../revocation/revocation-sync.js';
import { AccessTokenVerification, type AdmittedToken } from '../../tokens/access-token-verification.js';
import { AccessCookie } from '../access-cookie.js';
import { bearerToken } from '../bearer-token.js';
import { cookieUseOf, type CookieUse } from '../cookie-use.js';
import { assertApplication, assertTokenOf } from '../own-application.js';
import { RecentAuth } from '../recent-auth.js';
import type { RoutePolicy } from '../route-policy.js';

/** The entry of Sec-WebSocket-Protocol that is a token: the one header of a handshake that a browser's script can set. */
const BEARER_PROTOCOL = 'bearer.';

/** Who may open a WebSocket: what the access guard is for a request. Its answers are those of HTTP. */
@Injectable()
export class LiveHandshake {
  constructor(
    private readonly clock: Clock,
    private readonly applications: ApplicationsService,
    private readonly sync: RevocationSync,
    private readonly verification: AccessTokenVerification,
    private readonly cookie: AccessCookie,
    private readonly recentAuth: RecentAuth,
  ) {}

  /** What holds the connection open; null where the gateway is public and no token was shown. Throws the refusal. */
  async admit(request: FastifyRequest, policy: RoutePolicy): Promise<AdmittedToken | null> {
    const shown = findShown(request);
    if (policy.public && shown === null) return null;
    const use = cookieUseOf(request, policy);
    const token = shown ?? this.findCookie(request, use);
    if (!this.sync.isFresh(this.clock.now(), policy.staleness)) await this.sync.awaitFresh();
    await this.verification.findKey(token);
    const admitted = this.verification.authenticate(token);
    const { principal } = admitted;
    if (shown === null) assertTokenOf(use.applicationId, principal);
    else this.assertShown(request, principal);
    assertApplication(principal, policy);
    if (policy.roles && !policy.roles.some((role) => principal.roles.includes(role))) throw new AppError('forbidden');
    if (policy.recentAuth !== null) this.recentAuth.assert(principal, policy.recentAuth);
    return admitted;
  }

  /** A browser sends the cookie for whichever page asks, and no rule of CORS keeps that page from the connection. */
  private findCookie(request: FastifyRequest, use: CookieUse): string {
    const token = this.cookie.find(request, use);
    if (token === null) throw new AppError('token_missing');
    this.applications.assertPageOf(use.applicationId, request);
    return token;
  }

  /** Who shows a token in a browser must be on a page of its application all the same. */
  private assertShown(request: FastifyRequest, principal: Principal): void {
    const { origin, cookie } = request.headers;
    if (origin !== undefined) this.applications.assertPageOf(principal.applicationId, request);
    if (cookie !== undefined) this.cookie.assertOneSession(request, principal);
  }
}

/** The token that a client shows of its own accord. */
function findShown(request: FastifyRequest): string | null {
  const [byHeader, byProtocol] = [bearerToken(request), protocolToken(request)];
  if (byHeader !== null && byProtocol !== null) throw new AppError('credentials_ambiguous');
  return byHeader ?? byProtocol;
}

function protocolToken(request: FastifyRequest): string | null {
  const entry = offered(request.headers['sec-websocket-protocol']).find(isBearer);
  return entry === undefined ? null : entry.slice(BEARER_PROTOCOL.length);
}

/** The subprotocol to agree on, which is never the token: answers go to logs. */
export function chooseProtocol(protocols: Iterable<string>): string | false {
  return [...protocols].find((entry) => !isBearer(entry)) ?? false;
}

function isBearer(entry: string): boolean {
  return entry.startsWith(BEARER_PROTOCOL);
}

function offered(header: string | undefined): string[] {
  return header?.split(',').map((entry) => entry.trim()) ?? [];
}
