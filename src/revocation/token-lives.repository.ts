import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';

@Injectable()
export class TokenLivesRepository {
  /**
   * Notes lives of tokens, in seconds, for a transaction that changes which of them are issued. It must be the last
   * statement of it.
   *
   * The lock waits for every transaction that has written deny entries and not committed, and lets none be written until
   * this one is: else an entry that counted the shorter life could be committed after the longer one, and a token issued
   * in between would outlive it.
   */
  async note(tx: Transaction, lives: number[]): Promise<void> {
    await tx.query('lock table token_lives in access exclusive mode');
    await tx.query(
      `insert into token_lives (seconds, last_used_at) select distinct life, now() from unnest($1::integer[]) as life
       on conflict (seconds) do update set last_used_at = greatest(token_lives.last_used_at, excluded.last_used_at)`,
      [lives],
    );
  }
}
