import { ApplicationSignOutService } from '../../src/sessions/application-sign-out.service.js';
import { SessionAdministrationService } from '../../src/sessions/session-administration.service.js';
import { administrationOf } from './applications.js';
import type { Device } from './device.js';
import { accountsOf, ACT } from './operator.js';

/** Ends the sessions of a device's person, and maybe of others; afterwards all of them may sign in again. */
export type Revoke = (by: Device) => Promise<{ status: number }>;

const signOutOf = ({ service }: Device) => service.app.get(ApplicationSignOutService, { strict: false });
const sessionsOf = ({ service }: Device) => service.app.get(SessionAdministrationService, { strict: false });

type Act = (by: Device) => Promise<unknown>;

const ACTS: [name: string, act: Act][] = [
  ['a sign-out of everyone', (by) => signOutOf(by).signOutEveryone(ACT)],
  ['a sign-out of everyone from the application', (by) => signOutOf(by).signOutApplication(by.applicationId, ACT)],
  [
    'the disabling of the application, which is enabled again',
    async ({ service, applicationId }) => {
      await administrationOf(service).disable(applicationId, ACT);
      await administrationOf(service).enable(applicationId, ACT);
    },
  ],
  ['a sign-out of the person by an operator', (by) => sessionsOf(by).endAll(by.userId, ACT)],
  [
    'a suspension of the account, which is lifted again',
    async ({ service, userId }) => {
      await accountsOf(service).suspend(userId, ACT);
      await accountsOf(service).restore(userId, ACT);
    },
  ],
];

/** Each act of an operator that ends every session of a person, or of an application which is not the built-in one. */
export const OPERATORS_REVOKES = ACTS.map(([name, act]): [name: string, revoke: Revoke] => [
  name,
  async (by) => {
    await act(by);
    return { status: 204 };
  },
]);
