import { randomUUID } from 'node:crypto';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import type { Permission } from '../../src/applications/known-application.js';
import { Device } from './device.js';
import type { Service } from './service.js';

/** Another application on the service, which this instance knows at once. Its id. */
export async function addApplication(service: Service, id = `shop-${randomUUID().slice(0, 8)}`): Promise<string> {
  await service.db.query(
    `insert into applications (id, audience, origins, token_version, sessions_floor, enabled, created_at)
     values ($1, $1, '{}', 0, 0, true, now()) on conflict do nothing`,
    [id],
  );
  await applicationsOf(service).load();
  return id;
}

export function applicationsOf(service: Service): ApplicationsService {
  return service.app.get(ApplicationsService, { strict: false });
}

/** A new account, signed in to an application. */
export function registerAt(service: Service, applicationId: string, options: Record<string, unknown> = {}) {
  return Device.register(service, { applicationId, ...options });
}

/** Allows an application more than to follow the deny-list; on this instance at once. */
export async function permit(service: Service, applicationId: string, ...permissions: Permission[]): Promise<void> {
  await service.db.query('update applications set permissions = $2 where id = $1', [applicationId, permissions]);
  await applicationsOf(service).load();
}
