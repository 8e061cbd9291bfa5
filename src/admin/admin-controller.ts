import { applyDecorators, Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CheckDatabase, RequireRecentAuth, Roles } from '../common/access.js';
import { ADMIN } from '../users/roles.js';

/**
 * A controller at `/v1/admin/<path>`: for administrators who proved lately who they are. Whether they still are
 * administrators is looked up at each call: one who was demoted on another instance a moment ago does nothing more.
 */
export const AdminController = (path: string) =>
  applyDecorators(
    ApiTags('Administration'),
    Controller(`v1/admin/${path}`),
    Roles(ADMIN),
    RequireRecentAuth(),
    CheckDatabase(),
  );
