import { SessionEndsService } from '../../src/sessions/session-ends.service.js';
import { claimsOf, signerOf } from './access-token.js';
import { Device } from './device.js';
import type { Service } from './service.js';

/** As many more devices of one person, without as many sign-ins: their rows are copies of the row of one. */
export async function manyDevices(first: Device, count: number): Promise<Device[]> {
  const { service } = first;
  const rows = await service.db.query<{ id: string }>(
    `insert into sessions select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       from sessions s, generate_series(1, $2) where s.id = $1 returning id`,
    [first.sessionId, count],
  );
  const signer = signerOf(first);
  return rows.map(({ id }) => {
    const device = new Device(service, first.email);
    const accessToken = signer.sign(undefined, { ...claimsOf(first.accessToken), sid: id, jti: id });
    return Object.assign(device, { accessToken, sessionId: id, userId: first.userId });
  });
}

/** Ends sessions as sign-outs do, all asked for in one turn of the event loop: the first goes, the others meet. */
export function endAtOnce(service: Service, devices: Device[]): Promise<PromiseSettledResult<boolean>[]> {
  const ends = service.app.get(SessionEndsService, { strict: false });
  const source = { ip: null, userAgent: null };
  return Promise.allSettled(
    devices.map(async ({ sessionId, userId }) => {
      return (await ends.end({ sessionId, userId, reason: 'signed_out', source })) !== null;
    }),
  );
}

/** What the three tables say of the ends of these sessions: all three must say the same. */
export async function endsOf(service: Service, devices: Device[]): Promise<Record<'rows' | 'log' | 'audit', string[]>> {
  const ids = devices.map(({ sessionId }) => sessionId);
  const list = async (sql: string) =>
    (await service.db.query<{ id: string }>(`${sql} order by 1`, [ids])).map(({ id }) => id);
  return {
    rows: await list('select id from sessions where id = any($1::uuid[]) and ended_at is not null'),
    log: await list(`select subject as id from revocations where kind = 'session' and subject = any($1::text[])`),
    audit: await list(
      `select session_id as id from audit_events where type = 'session.ended' and session_id = any($1::uuid[])`,
    ),
  };
}
