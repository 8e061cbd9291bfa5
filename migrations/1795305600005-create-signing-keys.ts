import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that sign access tokens; the private half only encrypted under KEY_ENCRYPTION_KEY. Rows stay as the record of what signed when. */
export class CreateSigningKeys1795305600005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signing_keys (
        kid text not null constraint signing_keys_pkey primary key,
        algorithm text not null,
        public_jwk jsonb not null,
        private_key_encrypted bytea not null,
        status text not null,
        created_at timestamptz not null,
        activated_at timestamptz,
        retired_at timestamptz,
        withdrawn_at timestamptz,
        constraint signing_keys_algorithm_check check (algorithm in ('ES256', 'RS256')),
        constraint signing_keys_status_check check (status in ('standby', 'active', 'retired', 'withdrawn'))
      );
      create unique index signing_keys_active_key on signing_keys (status) where status = 'active'
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table signing_keys`);
  }
}
