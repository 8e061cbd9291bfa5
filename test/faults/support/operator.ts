import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Act, Call, History, OperatorAct } from './history.js';
import { askAnyone, callOf, now, type Request } from './http.js';
import type { Instance } from './instance.js';
import type { OwnPostgres } from './own-postgres.js';
import * as requests from './requests.js';

const VERSION = 'greatest(token_version + 1, floor(extract(epoch from now()) * 1000)::bigint)';

/** What an operator does in a transaction that is held open. */
export type HeldAct = Exclude<OperatorAct, 'sign out a person'>;

/** What each does to a person's row. */
const CHANGES: Record<HeldAct, string> = {
  suspend: `status = 'suspended', sessions_floor = ${VERSION}`,
  'let in again': `status = 'active'`,
  'give roles': `roles = array['editor', md5(random()::text)]`,
};
const FROM: Record<HeldAct, string> = { suspend: 'active', 'let in again': 'suspended', 'give roles': 'active' };

/**
 * An operator's act at the database, in the two steps of every revocation: the change of state, then its line in the log,
 * whose place is taken with the lock of the head row. Between them lie `held` milliseconds, in which others commit.
 * Returns whether there was anything to do. Throws when it cannot tell whether it was committed.
 */
export async function operate(postgres: OwnPostgres, act: HeldAct, email: string, held: number): Promise<boolean> {
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

/** Who acts by `/v1/admin`: signs in whenever its own session has been ended, be it by itself. */
export class Operator {
  private readonly password = 'analytical engine 1843';
  private email = '';
  private token: string | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly instances: Instance[],
    private readonly postgres: () => OwnPostgres,
  ) {}

  /** Writes down what was answered. Null when it could not sign in, and so asked nothing. */
  async act(act: Act, person: number, on: number, request: Request, history: History): Promise<Call | null> {
    for (let tries = 0; tries < 3; tries++) {
      const bearer = await this.signedIn(on);
      if (bearer === null) return null;
      const sentAt = now();
      const path = `/v1/admin${request.path}`;
      const { instance, reply } = await askAnyone(this.instances, on, { ...request, path, bearer });
      if (reply?.answer.status !== 401 && reply?.answer.status !== 403) {
        const call = callOf(person, act, { instance, reply, sentAt });
        history.calls.push(call);
        return call;
      }
      if (this.token === bearer) this.token = null;
    }
    return null;
  }

  /** The key that signs, as far as its own token can tell. */
  async signingKey(on: number): Promise<string | null> {
    const bearer = await this.signedIn(on);
    return bearer && JSON.parse(Buffer.from(bearer.split('.')[0]!, 'base64url').toString()).kid;
  }

  /** One sign-in for all who need one. */
  private signedIn(on: number): Promise<string | null> {
    const mine = this.turn.then(async () => (this.token ??= await this.signIn(on)));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async signIn(on: number): Promise<string | null> {
    if (this.email === '') await this.register(on);
    const request = requests.signIn('native', this.email, this.password);
    const { reply } = await askAnyone(this.instances, on, request);
    // A database that went back may not know of it.
    if (reply?.answer.code === 'credentials_invalid') this.email = '';
    return reply?.access?.text ?? null;
  }

  private async register(on: number): Promise<void> {
    const email = `operator-${randomUUID()}@example.com`;
    const { reply } = await askAnyone(this.instances, on, requests.registration(email, this.password));
    if (!reply?.userId) return;
    // As the command line does for the first one.
    await this.postgres().query(`update users set roles = '{admin}' where id = $1`, [reply.userId]);
    this.email = email;
  }
}
