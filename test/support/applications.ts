import { randomUUID } from 'node:crypto';
import type { NewApplication } from '../../src/applications/application-settings.js';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import type { Permission } from '../../src/applications/known-application.js';
import { ApplicationAdministrationService } from '../../src/sessions/application-administration.service.js';
import { Device } from './device.js';
import { ACT } from './operator.js';
import type { Service } from './service.js';

/** What this instance knows of applications. */
export function applicationsOf(service: Service): ApplicationsService {
  return service.app.get(ApplicationsService, { strict: false });
}

/** What operators do with them. */
export function administrationOf(service: Service): ApplicationAdministrationService {
  return service.app.get(ApplicationAdministrationService, { strict: false });
}

/** Another application on the service, which this instance knows at once. Its id. */
export async function addApplication(service: Service, settings: Partial<NewApplication> = {}): Promise<string> {
  const { id } = await administrationOf(service).create({ id: `shop-${randomUUID().slice(0, 8)}`, ...settings }, ACT);
  return id;
}

/** A new account, signed in to an application. */
export function registerAt(service: Service, applicationId: string, options: Record<string, unknown> = {}) {
  return Device.register(service, { applicationId, ...options });
}

/** Allows an application more than to follow the deny-list; on this instance at once. */
export async function permit(service: Service, applicationId: string, ...permissions: Permission[]): Promise<void> {
  await administrationOf(service).update(applicationId, { permissions }, ACT);
}
