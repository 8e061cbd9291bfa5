import { Injectable } from '@nestjs/common';
import { Database, type Queryable, type Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';
import { APPLICATION_COLUMNS } from './applications.repository.js';
import type { KnownApplication } from './known-application.js';

/** A secret of an application's back end, without what it is. */
export interface SecretInUse {
  id: string;
  createdAt: Date;
  /** Null: until it is replaced. */
  expiresAt: Date | null;
}

/** An application as operators see it. */
export interface RegisteredApplication extends Omit<KnownApplication, 'name'> {
  /** Null: its id. */
  name: string | null;
  /** The oldest first; those that have run out are not among them. */
  secrets: SecretInUse[];
}

type Settings = Omit<RegisteredApplication, 'enabled' | 'secrets' | 'createdAt'>;

const COLUMNS = `${APPLICATION_COLUMNS}, name,
  array(select jsonb_build_object('id', c.id, 'createdAt', c.created_at, 'expiresAt', c.expires_at)
          from application_credentials c
         where c.application_id = applications.id and (c.expires_at is null or c.expires_at > now())
         order by c.created_at, c.id) as secrets`;

@Injectable()
export class ApplicationRegistryRepository {
  constructor(private readonly database: Database) {}

  /** In the order of their ids. */
  async list(): Promise<RegisteredApplication[]> {
    const rows = await this.database.query<RegisteredApplication>(`select ${COLUMNS} from applications order by id`);
    return rows.map(withDates);
  }

  async find(applicationId: string, db: Queryable = this.database): Promise<RegisteredApplication | null> {
    const rows = await db.query<RegisteredApplication>(`select ${COLUMNS} from applications where id = $1`, [
      applicationId,
    ]);
    return rows.map(withDates)[0] ?? null;
  }

  async lock(tx: Transaction, applicationId: string): Promise<void> {
    await tx.query('select from applications where id = $1 for no key update', [applicationId]);
  }

  /** Whether it was made; false where its id or audience is taken. */
  async insert(tx: Transaction, application: Settings): Promise<boolean> {
    const rows = await tx.query(
      `insert into applications (id, audience, name, origins, delivery, access_token_ttl, session_idle, session_max,
                                 session_idle_remembered, session_max_remembered, permissions, token_version,
                                 sessions_floor, enabled, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ${raised('0')}, 0, true, now())
       on conflict do nothing returning id`,
      [application.id, application.audience, ...valuesOf(application)],
    );
    return rows.length > 0;
  }

  async update(tx: Transaction, application: Settings): Promise<void> {
    await tx.query(
      `update applications
          set name = $2, origins = $3, delivery = $4, access_token_ttl = $5, session_idle = $6, session_max = $7,
              session_idle_remembered = $8, session_max_remembered = $9, permissions = $10
        where id = $1`,
      [application.id, ...valuesOf(application)],
    );
  }

  /** Its new version, below which every session has ended. */
  async disable(tx: Transaction, applicationId: string): Promise<number> {
    const [row] = await tx.query<{ token_version: string }>(
      `update applications
          set enabled = false, token_version = ${raised('token_version')}, sessions_floor = ${raised('token_version')}
        where id = $1 returning token_version`,
      [applicationId],
    );
    return Number(row?.token_version);
  }

  /**
   * Its new version: what is issued from now on can be told from what may not be accepted, also by a database that went
   * back to a state in which it is disabled.
   */
  async enable(tx: Transaction, applicationId: string): Promise<number> {
    const [row] = await tx.query<{ token_version: string }>(
      `update applications set enabled = true, token_version = ${raised('token_version')}
        where id = $1 returning token_version`,
      [applicationId],
    );
    return Number(row?.token_version);
  }
}

function valuesOf(application: Settings): unknown[] {
  return [
    application.name,
    application.origins,
    application.delivery,
    application.accessTokenTtl,
    application.sessionIdle,
    application.sessionMax,
    application.sessionIdleRemembered,
    application.sessionMaxRemembered,
    application.permissions,
  ];
}

/** JSON has no dates. */
function withDates(row: RegisteredApplication): RegisteredApplication {
  const secrets = row.secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt && new Date(expiresAt),
  }));
  return { ...row, secrets };
}
