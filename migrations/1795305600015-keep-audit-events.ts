import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit is only ever added to, whoever holds the password of the service: a trigger refuses to change or delete a
 * row. What must not be kept for ever goes by audit_events_purge, which runs as the owner of the table and leaves alone
 * whatever is younger than 90 days: a thief of the service's role cannot wipe away what they did.
 */
export class KeepAuditEvents1795305600015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function audit_events_keep() returns trigger language plpgsql as $$
      begin
        -- Anyone can set the setting. Who is not the owner does not become it by that.
        if tg_op = 'DELETE' and current_setting('portcullis.audit_purge', true) = 'on'
           and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
          return null;
        end if;
        raise exception 'audit_events is only ever added to: % refused', tg_op using errcode = 'insufficient_privilege';
      end
      $$;
      create trigger audit_events_keep before update or delete or truncate on audit_events
        for each statement execute function audit_events_keep();
      create function audit_events_purge(retention interval, most integer) returns integer
        language plpgsql security definer set search_path = public, pg_temp as $$
      declare
        purged integer;
      begin
        if not has_table_privilege(session_user, 'audit_events', 'insert') then
          raise exception 'only who writes audit_events may purge it' using errcode = 'insufficient_privilege';
        end if;
        perform set_config('portcullis.audit_purge', 'on', true);
        delete from audit_events where id in (
          select id from audit_events where created_at < now() - greatest(retention, interval '90 days')
           order by created_at, id limit most for update skip locked);
        get diagnostics purged = row_count;
        perform set_config('portcullis.audit_purge', 'off', true);
        return purged;
      end
      $$
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function audit_events_purge(interval, integer);
      drop trigger audit_events_keep on audit_events;
      drop function audit_events_keep()
    `);
  }
}
