import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { LostState, type SuspendedSubject } from '../revocation/lost-state.js';
import { PUT_BACK } from '../revocation/put-back.js';
import { AccountEvents } from './account-events.js';
import { LostAccountsRepository, type LostAccountState } from './lost-accounts.repository.js';

/** Brings back what a restored database has forgotten of accounts and the deny-list remembers. */
@Injectable()
export class LostAccounts implements OnModuleInit {
  constructor(
    private readonly lost: LostState,
    private readonly accounts: LostAccountsRepository,
    private readonly events: AccountEvents,
  ) {}

  onModuleInit(): void {
    this.lost.onLost('user', (tx, entries) =>
      this.restore(
        tx,
        entries.map(({ subject, minVersion, suspended }) => ({ userId: subject, version: minVersion, suspended })),
      ),
    );
  }

  private async restore(tx: Transaction, states: LostAccountState[]): Promise<SuspendedSubject[]> {
    const restored = await this.accounts.restore(tx, states, PUT_BACK);
    for (const { userId } of restored) {
      await this.events.emit(tx, 'signedOutEverywhere', { userId, kept: null, reason: PUT_BACK });
    }
    return restored.filter(({ suspended }) => suspended).map(({ userId, version }) => ({ subject: userId, version }));
  }
}
