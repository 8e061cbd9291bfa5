import { AccountAdministrationService, type AccountChange } from '../../src/users/account-administration.service.js';
import type { Act } from '../../src/audit/act.js';
import { Device } from './device.js';
import type { Service } from './service.js';

/** What an operator says who does something at a terminal. */
export const ACT: Act = { actor: 'operator:test', reason: 'a test' };

export function accountsOf(service: Service): AccountAdministrationService {
  return service.app.get(AccountAdministrationService, { strict: false });
}

/** Roles, status, or both, as an operator gives them. */
export async function changeAccount(service: Service, userId: string, change: AccountChange): Promise<void> {
  await accountsOf(service).change(userId, change, ACT);
}

/** A new account's first device, whose person is an administrator. */
export async function registerAdmin(service: Service): Promise<Device> {
  const device = await Device.register(service);
  await changeAccount(service, device.userId, { roles: ['admin'] });
  await device.refresh();
  return device;
}

/** All that an act could change, so that "nothing half done" can be said of all of it. */
export function accountsState({ db }: Service): Promise<unknown[]> {
  return db.query(
    `select (select json_agg(u order by id) from users u) as users,
            (select json_agg(s order by id) from sessions s) as sessions,
            (select json_agg(a order by id) from applications a) as applications,
            (select count(*) from audit_events) as audit, (select seq from revocation_head) as head`,
  );
}
