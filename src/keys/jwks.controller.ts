import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import { JwksResponse } from './keys.dto.js';
import { KeysService } from './keys.service.js';

@ApiTags('Discovery')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeysService) {}

  @Public()
  @Get('jwks.json')
  @ApiRoute({ summary: 'The public keys that verify access tokens (RFC 7517).', answers: JwksResponse })
  @Header('Cache-Control', 'public, max-age=300')
  jwks() {
    return this.keys.jwks();
  }
}
