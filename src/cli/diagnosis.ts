import { KeyAdministrationService, type SigningKeyView } from '../keys/key-administration.service.js';
import { DatabaseInspection, type DatabaseFacts } from '../database/database-inspection.js';
import { FleetService } from '../revocation/fleet.service.js';
import { InstancesService, type RunningInstance } from '../revocation/instances.service.js';
import type { LogPosition } from '../revocation/log-follower.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { counted } from './columns.js';
import type { Services } from './workbench.js';

/** One thing that was looked at, what of it, and what to do about it. */
export interface Finding {
  check: string;
  level: 'fine' | 'note' | 'fault';
  detail: string;
  /** Where something is to be done. */
  remedy?: string;
}

/** PostgreSQL 14. */
const OLDEST_VERSION = 140_000;

/** Milliseconds that clocks may be apart: other applications' verifiers allow 5 s, which a token may need otherwise too. */
const CLOCK_NOTE_MS = 1_000;
const CLOCK_FAULT_MS = 5_000;

/** Everything that can be looked at once the database answers. */
export async function diagnose(services: Services): Promise<Finding[]> {
  const { config, get } = services;
  const database = databaseFindings(await get(DatabaseInspection).facts());
  const pending = await get(DatabaseInspection).pendingMigrations();
  if (pending.length > 0) return [...database, migrationFault(pending)];
  const head = await get(FleetService).head();
  const instances = await get(InstancesService).list();
  const staleness = config.revocationMaxStaleness;
  return [
    ...database,
    { check: 'migrations', level: 'fine', detail: 'all are applied' },
    ...keyFindings(await get(KeyAdministrationService).list(), config.keyEncryptionKeyPrevious !== undefined),
    ...instances.map((instance) => instanceFinding(instance, head, staleness)),
    ...fleetFindings(instances),
    await adminFinding(services),
  ];
}

export function databaseFindings(facts: DatabaseFacts): Finding[] {
  return [serverFinding(facts), roleFinding(facts), clockFinding(facts)];
}

function serverFinding({ version, versionNumber, standby, readOnly, ...facts }: DatabaseFacts): Finding {
  const { connections, mostConnections, roundTrip } = facts;
  const detail = `PostgreSQL ${version}, ${roundTrip} ms away, ${connections} of ${mostConnections} connections`;
  const finding = { check: 'database', level: 'fine', detail } as const;
  if (versionNumber < OLDEST_VERSION)
    return { ...finding, level: 'fault', remedy: 'It is older than 14, the oldest that is supported. Upgrade it.' };
  if (standby || readOnly) {
    const remedy = 'It only reads: a standby, or a primary set so. Let DATABASE_URL name the primary.';
    return { ...finding, level: 'fault', remedy };
  }
  if (connections >= mostConnections * 0.9) {
    const remedy = 'Nearly all connections are taken. Lower DATABASE_POOL_SIZE, or raise max_connections.';
    return { ...finding, level: 'note', remedy };
  }
  return finding;
}

function roleFinding({ role, superuser, mayCreate }: DatabaseFacts): Finding {
  const finding = { check: 'role', level: 'fine', detail: role } as const;
  if (superuser)
    return { ...finding, level: 'note', remedy: 'It is a superuser. In production, give the service one that is not.' };
  if (mayCreate)
    return {
      ...finding,
      level: 'note',
      remedy: 'It may make tables. In production, keep that to MIGRATION_DATABASE_URL.',
    };
  return finding;
}

function clockFinding({ clockAhead, roundTrip }: DatabaseFacts): Finding {
  const apart = Math.max(0, Math.abs(clockAhead) - roundTrip / 2);
  const detail = `the database is ${Math.round(Math.abs(clockAhead))} ms ${clockAhead < 0 ? 'behind' : 'ahead of'} this machine`;
  if (apart < CLOCK_NOTE_MS) return { check: 'clock', level: 'fine', detail };
  const remedy =
    'Tokens bear the time of the database, and other applications check them by that of their machines. Run NTP on all.';
  return { check: 'clock', level: apart < CLOCK_FAULT_MS ? 'note' : 'fault', detail, remedy };
}

function migrationFault(pending: string[]): Finding {
  const detail = `${counted(pending.length, 'migration')} pending: ${pending.join(', ')}`;
  return { check: 'migrations', level: 'fault', detail, remedy: 'npm run migration:run' };
}

export function keyFindings(keys: SigningKeyView[], previousIsSet: boolean): Finding[] {
  const active = keys.find(({ status }) => status === 'active');
  if (!active) {
    const remedy = 'The service makes one when it starts. If it runs, its log says why it could not.';
    return [{ check: 'signing keys', level: keys.length === 0 ? 'note' : 'fault', detail: 'none that signs', remedy }];
  }
  const sealed = keys.filter(({ sealedBy }) => sealedBy !== null);
  const unopened = sealed.find(({ sealedBy }) => sealedBy === 'unknown');
  if (unopened) {
    const detail = `KEY_ENCRYPTION_KEY does not open ${unopened.kid}`;
    return [{ check: 'signing keys', level: 'fault', detail, remedy: 'Set the key that the running instances have.' }];
  }
  const standby = keys.find(({ status }) => status === 'standby');
  const detail = `${active.kid} (${active.algorithm}) signs since ${active.activatedAt}, ${standby ? 'one on standby' : 'none on standby'}`;
  return [{ check: 'signing keys', level: 'fine', detail }, ...sealFindings(sealed, previousIsSet)];
}

function sealFindings(sealed: SigningKeyView[], previousIsSet: boolean): Finding[] {
  if (!previousIsSet) return [];
  const outdated = sealed.filter(({ sealedBy }) => sealedBy === 'previous').length;
  if (outdated === 0) {
    const remedy = 'Take KEY_ENCRYPTION_KEY_PREVIOUS away everywhere.';
    return [{ check: 'key encryption', level: 'note', detail: 'the previous key opens nothing any more', remedy }];
  }
  const detail = `${counted(outdated, 'signing key')} still sealed under the previous key`;
  return [{ check: 'key encryption', level: 'note', detail, remedy: 'Once every instance has both: key reseal' }];
}

/** `staleness`: REVOCATION_MAX_STALENESS, in seconds. */
export function instanceFinding(instance: RunningInstance, head: LogPosition, staleness: number): Finding {
  const { name, version, position, seenAt } = instance;
  const check = `instance ${name}`;
  if (position === null) {
    const remedy = 'It answers 503 until it has read the log. See its own log for why it cannot.';
    return { check, level: 'fault', detail: `version ${version}, has not read the deny-list yet`, remedy };
  }
  const behind = position.epoch === head.epoch ? head.seq - position.seq : null;
  const age = (seenAt.getTime() - position.confirmedAt.getTime()) / 1000;
  const lag =
    behind === null ? 'follows another log' : behind > 0 ? `${counted(behind, 'line')} behind` : 'has read all';
  const detail = `version ${version}, ${lag}, confirmed ${age.toFixed(1)} s before its last sign`;
  if (age > staleness) {
    const remedy = `Its deny-list is older than REVOCATION_MAX_STALENESS (${staleness} s): it answers 503. See its log; restart it.`;
    return { check, level: 'fault', detail, remedy };
  }
  if (behind === null)
    return { check, level: 'note', detail, remedy: 'Ask again in a few seconds; if it stays, restart it.' };
  return { check, level: 'fine', detail };
}

export function fleetFindings(instances: RunningInstance[]): Finding[] {
  if (instances.length === 0) {
    return [
      { check: 'instances', level: 'note', detail: 'none is running on this database', remedy: 'npm run start:prod' },
    ];
  }
  const findings: Finding[] = [];
  const versions = new Set(instances.map(({ version }) => version));
  if (versions.size > 1) {
    const detail = `run different versions: ${[...versions].join(', ')}`;
    findings.push({ check: 'instances', level: 'note', detail, remedy: 'During an upgrade that is as it should be.' });
  }
  const keys = new Set(instances.map(({ refreshKeys }) => JSON.stringify(refreshKeys)));
  if (keys.size > 1) {
    const remedy = 'While they are being exchanged that is as it should be; else give all instances the same list.';
    findings.push({ check: 'instances', level: 'note', detail: 'have different REFRESH_TOKEN_KEYS', remedy });
  }
  return findings;
}

async function adminFinding({ get }: Services): Promise<Finding> {
  const { items } = await get(AccountAdministrationService).list({ role: 'admin', status: 'active', limit: 1 });
  if (items.length > 0) return { check: 'administrators', level: 'fine', detail: 'there is one at least' };
  const remedy = 'user create EMAIL --role admin --password-stdin';
  return { check: 'administrators', level: 'note', detail: 'nobody has the role admin', remedy };
}
