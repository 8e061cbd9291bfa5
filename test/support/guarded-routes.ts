import { Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import {
  AllowStale,
  CheckDatabase,
  CurrentPrincipal,
  Public,
  RequireRecentAuth,
  Roles,
} from '../../src/common/access.js';
import type { Principal } from '../../src/common/principal.js';

/** A module as a developer adds one: nothing in it says that its routes are private. */
@Controller('plain')
class PlainController {
  @Get()
  show(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Post()
  @HttpCode(200)
  write(@CurrentPrincipal() principal: Principal) {
    const [changed, failed] = [{ ...principal }, [] as string[]];
    const attempts = {
      field: () => Object.assign(principal, { userId: 'somebody else' }),
      role: () => (principal.roles as string[]).push('admin'),
      claim: () => Object.assign(principal.claims, { sub: 'somebody else' }),
      deep: () => (principal.claims['amr'] as string[]).push('mfa'),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        attempt();
      } catch {
        failed.push(name);
      }
    }
    return { failed, changed };
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }

  @Public()
  @Get('nobody')
  nobody(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Roles('editor', 'admin')
  @Get('editors')
  editors() {
    return { editors: true };
  }

  @RequireRecentAuth('10m')
  @Get('recent')
  recent() {
    return { recent: true };
  }
}

@CheckDatabase()
@Controller('critical')
class CriticalController {
  @Get()
  show() {
    return { critical: true };
  }

  @AllowStale('60s')
  @Get('harmless')
  harmless() {
    return { harmless: true };
  }
}

@Roles('admin')
@Controller('admins')
class AdminsController {
  @Get()
  show() {
    return { admins: true };
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }

  @Roles('auditor')
  @Get('auditors')
  auditors() {
    return { auditors: true };
  }

  @RequireRecentAuth('10m')
  @Get('recent')
  recent() {
    return { recent: true };
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get()
  show() {
    return { open: true };
  }

  @Roles('admin')
  @Get('admins')
  admins() {
    return { admins: true };
  }

  @RequireRecentAuth('10m')
  @Get('recent')
  recent() {
    return { recent: true };
  }

  @CheckDatabase()
  @Get('checked')
  checked() {
    return { checked: true };
  }
}

@Module({ controllers: [PlainController, CriticalController, AdminsController, OpenController] })
export class GuardedRoutesModule {}
