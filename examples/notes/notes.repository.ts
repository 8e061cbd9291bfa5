import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../../src/database/database.js';
import type { NoteResponse } from './notes.dto.js';

interface NoteRow {
  id: string;
  text: string;
  created_at: Date;
}

@Injectable()
export class NotesRepository {
  constructor(private readonly database: Database) {}

  async list(userId: string): Promise<NoteResponse[]> {
    const rows = await this.database.query<NoteRow>(
      'select id, text, created_at from notes where user_id = $1 order by created_at, id',
      [userId],
    );
    return rows.map(toNote);
  }

  /** Null when the person keeps `most` notes already. */
  async insert(userId: string, text: string, most: number): Promise<NoteResponse | null> {
    return this.database.transaction(async (tx) => {
      // Two at once would both count one too few: the person's own row lets them through one after the other.
      await tx.query('select id from users where id = $1 for update', [userId]);
      const [row] = await tx.query<NoteRow>(
        `insert into notes (id, user_id, text, created_at)
         select gen_random_uuid(), $1, $2, now() where (select count(*) from notes where user_id = $1) < $3
         returning id, text, created_at`,
        [userId, text, most],
      );
      return row ? toNote(row) : null;
    });
  }

  /** False when this person has no such note: somebody else's is not theirs to delete. */
  async delete(userId: string, noteId: string): Promise<boolean> {
    const rows = await this.database.query('delete from notes where id = $2 and user_id = $1 returning id', [
      userId,
      noteId,
    ]);
    return rows.length > 0;
  }

  async findLimit(userId: string): Promise<number | null> {
    const [row] = await this.database.query<{ most: number }>('select most from note_limits where user_id = $1', [
      userId,
    ]);
    return row?.most ?? null;
  }

  async setLimit(tx: Transaction, userId: string, most: number): Promise<void> {
    await tx.query(
      `insert into note_limits (user_id, most) values ($1, $2)
       on conflict (user_id) do update set most = excluded.most`,
      [userId, most],
    );
  }

  async deleteAllOf(tx: Transaction, userId: string): Promise<void> {
    await tx.query('delete from notes where user_id = $1', [userId]);
    await tx.query('delete from note_limits where user_id = $1', [userId]);
  }
}

function toNote({ id, text, created_at }: NoteRow): NoteResponse {
  return { id, text, createdAt: created_at.toISOString() };
}
