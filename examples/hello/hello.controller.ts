import { Controller, Get } from '@nestjs/common';
import { CurrentPrincipal, Public, RequireRecentAuth, Roles } from '../../src/common/access.js';
import type { Principal } from '../../src/common/principal.js';

@Controller('hello')
export class HelloController {
  @Public()
  @Get('anyone')
  anyone() {
    return { hello: 'whoever you are' };
  }

  @Get()
  you(@CurrentPrincipal() principal: Principal) {
    return { hello: principal.userId, device: principal.sessionId };
  }

  @RequireRecentAuth('15m')
  @Get('careful')
  careful() {
    return { hello: 'you proved who you are within a quarter of an hour' };
  }

  @Roles('editor')
  @Get('editors')
  editors() {
    return { hello: 'editor' };
  }
}
