import { Injectable } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { AppError } from '../common/errors/app-error.js';
import { AccessTokenVerification, type AdmittedToken } from '../tokens/access-token-verification.js';

/** Access tokens as the applications that they were issued to ask about them. */
@Injectable()
export class ClientAccessTokens {
  constructor(
    private readonly verification: AccessTokenVerification,
    private readonly applications: ApplicationsService,
  ) {}

  /**
   * The token, if a route would accept it now and it was issued to this application, for its audience; else null,
   * whatever the reason. The guard's own steps. Throws what says neither yes nor no.
   */
  async find(token: string, applicationId: string): Promise<AdmittedToken | null> {
    const admitted = await this.admit(token);
    const audience = this.applications.find(applicationId)?.audience;
    if (!admitted || audience === undefined) return null;
    const { client_id: issuedTo, aud } = admitted.claims;
    return issuedTo === applicationId && [aud].flat().includes(audience) ? admitted : null;
  }

  private async admit(token: string): Promise<AdmittedToken | null> {
    try {
      const known = this.verification.recall(token);
      if (known) return known;
      await this.verification.findKey(token);
      return this.verification.authenticate(token);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return null;
      throw error;
    }
  }
}
