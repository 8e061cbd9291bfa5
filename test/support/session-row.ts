import type { Service } from './service.js';

/** A row of the sessions table; all values as text, so that rows can be compared. */
export type SessionRow = Record<string, string | null> & { generation: string };

export async function sessionRow({ db }: Service, sessionId: string): Promise<SessionRow> {
  const [found] = await db.query<{ row: SessionRow }>(
    `select jsonb_object_agg(key, value) as row
       from sessions s, jsonb_each_text(to_jsonb(s)) where s.id = $1`,
    [sessionId],
  );
  if (!found?.row) throw new Error(`There is no session ${sessionId}.`);
  return found.row;
}
