import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As KeepAuditEvents made it, but for the statement that deletes. */
const functionThatDeletes = (batch: string) => `
  create or replace function audit_events_purge(retention interval, most integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
  declare
    purged integer;
  begin
    if not has_table_privilege(session_user, 'audit_events', 'insert') then
      raise exception 'only who writes audit_events may purge it' using errcode = 'insufficient_privilege';
    end if;
    perform set_config('portcullis.audit_purge', 'on', true);
    delete from audit_events where ${batch};
    get diagnostics purged = row_count;
    perform set_config('portcullis.audit_purge', 'off', true);
    return purged;
  end
  $$`;

const rowsOf = (key: string) => `
  select ${key} from audit_events where created_at < now() - greatest(retention, interval '90 days')
   order by created_at, id limit most for update skip locked`;

/**
 * The batch is chosen once. As `id in (select …)` it could be chosen anew for each row of the table, where its statistics
 * say that it has next to none: far slower, and more rows than asked for. No row changes or goes by this.
 */
export class PurgeTheAuditByOneRead1795305600018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(functionThatDeletes(`ctid = any (array(${rowsOf('ctid')}))`));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(functionThatDeletes(`id in (${rowsOf('id')})`));
  }
}
