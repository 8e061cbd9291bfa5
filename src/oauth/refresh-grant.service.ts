import { Injectable } from '@nestjs/common';
import type { Client } from '../applications/application-credentials.service.js';
import { AppError } from '../common/errors/app-error.js';
import type { RequestSource } from '../common/request-source.js';
import { RefreshService } from '../sessions/refresh.service.js';
import type { TokenAnswer, TokenRequest } from './oauth.dto.js';

/** The refresh grant of RFC 6749 §6. The rule is `RefreshService`'s; this is its form. */
@Injectable()
export class RefreshGrantService {
  constructor(private readonly refreshes: RefreshService) {}

  /** Throws `unsupported_grant_type`, `invalid_scope`, `validation_failed`, and what `RefreshService.refresh` throws. */
  async grant({ applicationId }: Client, form: TokenRequest, source: RequestSource): Promise<TokenAnswer> {
    if (form.grant_type !== 'refresh_token') throw new AppError('unsupported_grant_type');
    if (form.scope !== undefined) throw new AppError('invalid_scope');
    if (form.refresh_token === undefined) throw missing('refresh_token');
    // Never a browser's cookie: that is for /v1/auth/refresh, which looks at where the request comes from.
    const binding = { applicationId, delivery: 'body' } as const;
    const issued = await this.refreshes.refresh({ token: form.refresh_token, binding, byBrowser: false }, source);
    const { accessToken, expiresIn, refreshToken } = issued;
    return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, refresh_token: refreshToken };
  }
}

function missing(name: string): AppError {
  const detail = `Required: ${name}.`;
  return new AppError('validation_failed', { detail, errors: [{ pointer: `/${name}`, detail }] });
}
