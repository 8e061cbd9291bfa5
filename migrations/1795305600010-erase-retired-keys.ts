import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A key that signs no more keeps no private half: what is not there cannot leak, and no restored backup can sign with it. */
export class EraseRetiredKeys1795305600010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A handful of rows: the table lock that both alterations take is held for a millisecond.
    await runner.query(`
      alter table signing_keys alter column private_key_encrypted drop not null;
      update signing_keys set private_key_encrypted = null where status in ('retired', 'withdrawn');
      alter table signing_keys add constraint signing_keys_private_key_check
        check (private_key_encrypted is not null or status in ('retired', 'withdrawn'))
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signing_keys drop constraint signing_keys_private_key_check;
      update signing_keys set private_key_encrypted = '' where private_key_encrypted is null;
      alter table signing_keys alter column private_key_encrypted set not null
    `);
  }
}
