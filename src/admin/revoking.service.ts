import { Injectable } from '@nestjs/common';
import type { Act } from '../audit/act.js';
import { TokenDenialService } from '../revocation/token-denial.service.js';
import { ApplicationSignOutService } from '../sessions/application-sign-out.service.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import type { Revoke } from './admin-revocations.dto.js';

/** One door to all that can be taken back at once. Each act is its own service's. */
@Injectable()
export class RevokingService {
  constructor(
    private readonly tokens: TokenDenialService,
    private readonly sessions: SessionAdministrationService,
    private readonly applications: ApplicationSignOutService,
  ) {}

  async revoke(what: Revoke, act: Act): Promise<void> {
    switch (what.kind) {
      case 'token':
        return this.tokens.denyToken(what.subject, act);
      case 'session':
        return void (await this.sessions.end(what.subject, act));
      case 'user':
        return this.sessions.endAll(what.subject, act);
      case 'application':
        return this.applications.signOutApplication(what.subject, act);
      case 'everyone':
        return void (await this.applications.signOutEveryone(act));
    }
  }
}
