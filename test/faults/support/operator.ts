import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorAct } from './history.js';
import type { OwnPostgres } from './own-postgres.js';

const VERSION = 'greatest(token_version + 1, floor(extract(epoch from now()) * 1000)::bigint)';

/** What each act does to a person's row. */
const CHANGES: Record<OperatorAct, string> = {
  suspend: `status = 'suspended', sessions_floor = ${VERSION}`,
  'let in again': `status = 'active'`,
  'give roles': `roles = array['editor', md5(random()::text)]`,
};
const FROM: Record<OperatorAct, string> = { suspend: 'active', 'let in again': 'suspended', 'give roles': 'active' };

/**
 * An operator's act at the database, in the two steps of every revocation: the change of state, then its line in the log,
 * whose place is taken with the lock of the head row. Between them lie `held` milliseconds, in which others commit.
 * Returns whether there was anything to do. Throws when it cannot tell whether it was committed.
 */
export async function operate(postgres: OwnPostgres, act: OperatorAct, email: string, held: number): Promise<boolean> {
  return postgres.connected(async (client) => {
    await client.query('begin');
    const { rows } = await client.query(
      `update users set ${CHANGES[act]}, token_version = ${VERSION}, updated_at = now()
        where email = $1 and status = $2 returning id::text, token_version`,
      [email, FROM[act]],
    );
    if (rows.length === 0) return false;
    await sleep(held);
    await client.query(
      `with head as (update revocation_head set seq = seq + 1 returning seq)
       insert into revocations (seq, id, kind, subject, min_version, suspended, reason, actor, created_at, expires_at)
       select seq, gen_random_uuid(), 'user', $1, $2, $3, 'test', 'operator:test', now(), now() + interval '66 minutes'
         from head`,
      [rows[0].id, rows[0].token_version, act === 'suspend'],
    );
    await client.query('commit');
    return true;
  });
}
