import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { TokenLivesRepository } from './token-lives.repository.js';

/** How long tokens in circulation may live: so long the deny-list remembers. */
@Injectable()
export class TokenLivesService {
  constructor(private readonly lives: TokenLivesRepository) {}

  /**
   * Last in the transaction that changes how long the tokens of an application live: `lives` are the old one and the new
   * one, in seconds. What is denied from its commit on is remembered for the longer of both.
   */
  async note(tx: Transaction, lives: (number | null)[]): Promise<void> {
    const own = lives.filter((life) => life !== null);
    if (own.length > 0) await this.lives.note(tx, own);
  }
}
