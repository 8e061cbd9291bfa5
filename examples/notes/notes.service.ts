import { Injectable } from '@nestjs/common';
import { AppError } from '../../src/common/errors/app-error.js';
import type { Principal } from '../../src/common/principal.js';
import type { Transaction } from '../../src/database/database.js';
import { UsersService } from '../../src/users/users.service.js';
import type { NoteResponse } from './notes.dto.js';
import { NotesRepository } from './notes.repository.js';

/** Notes that anybody may keep who was given no other limit. */
const USUAL_LIMIT = 3;

@Injectable()
export class NotesService {
  constructor(
    private readonly notes: NotesRepository,
    private readonly users: UsersService,
  ) {}

  list(userId: string): Promise<NoteResponse[]> {
    return this.notes.list(userId);
  }

  /** Throws `forbidden` when the person keeps as many notes as they may, `token_outdated` when the token does not say. */
  async write({ userId, claims }: Principal, text: string): Promise<NoteResponse> {
    const { note_limit: most } = claims;
    // A token from before this module was there. The client refreshes once, and repeats the request.
    if (typeof most !== 'number') throw new AppError('token_outdated');
    const note = await this.notes.insert(userId, text, most);
    if (!note) throw new AppError('forbidden', { detail: 'You keep as many notes as you may. Delete one first.' });
    return note;
  }

  /** Throws `not_found` for a note that is not this person's. */
  async delete(userId: string, noteId: string): Promise<void> {
    if (!(await this.notes.delete(userId, noteId))) throw new AppError('not_found');
  }

  // #region claim
  /** What every access token says of this person's notes. */
  async claimsOf(userId: string): Promise<{ note_limit: number }> {
    return { note_limit: (await this.notes.findLimit(userId)) ?? USUAL_LIMIT };
  }

  /** Tokens that still say the old limit are refused from now on; a refresh brings the new one. */
  async setLimit(userId: string, most: number): Promise<void> {
    await this.users.changeClaims(userId, (tx) => this.notes.setLimit(tx, userId, most));
  }
  // #endregion

  /** In the transaction that deletes the account: both happen, or neither. */
  async forget(tx: Transaction, userId: string): Promise<void> {
    await this.notes.deleteAllOf(tx, userId);
  }
}
