import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import { Config } from '../config.js';
import { ServerMetadata } from './oauth.dto.js';

const BACK_END = ['client_secret_basic', 'client_secret_post'];
const FRONT_END = 'none';

@ApiTags('Discovery')
@Controller('.well-known')
export class ServerMetadataController {
  constructor(private readonly config: Config) {}

  @Public()
  @Get('oauth-authorization-server')
  @ApiRoute({ summary: 'What standard OAuth clients find here (RFC 8414).', answers: ServerMetadata })
  @Header('Cache-Control', 'public, max-age=300')
  metadata(): ServerMetadata {
    const { publicUrl } = this.config;
    return {
      // PUBLIC_URL has no path, so there is no other place for this document (RFC 8414 §3.1).
      issuer: publicUrl,
      token_endpoint: `${publicUrl}/oauth/token`,
      introspection_endpoint: `${publicUrl}/oauth/introspect`,
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      grant_types_supported: ['refresh_token'],
      // Required, and empty: there is no authorization endpoint.
      response_types_supported: [],
      token_endpoint_auth_methods_supported: [...BACK_END, FRONT_END],
      introspection_endpoint_auth_methods_supported: BACK_END,
      revocation_endpoint_auth_methods_supported: [...BACK_END, FRONT_END],
      service_documentation: `${publicUrl}/docs`,
    };
  }
}
