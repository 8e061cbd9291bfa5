import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Transaction } from '../database/database.js';
import { LostState } from '../revocation/lost-state.js';
import { PUT_BACK } from '../revocation/put-back.js';
import { AccountEvents } from '../users/account-events.js';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';

/** Brings back what a restored database has forgotten of sessions and applications and the deny-list remembers. */
@Injectable()
export class LostSessions implements OnModuleInit {
  constructor(
    private readonly lost: LostState,
    private readonly sessions: SessionUpkeepRepository,
    private readonly applications: ApplicationsService,
    private readonly events: AccountEvents,
  ) {}

  onModuleInit(): void {
    this.lost.onLost('application', (tx, entries) => this.applications.restoreLost(tx, entries));
    this.lost.onLost('session', async (tx, entries) =>
      this.end(
        tx,
        entries.map(({ subject }) => subject),
      ),
    );
  }

  private async end(tx: Transaction, sessionIds: string[]): Promise<[]> {
    for (const ended of await this.sessions.endLost(tx, sessionIds, PUT_BACK)) {
      await this.events.emit(tx, 'sessionEnded', { ...ended, reason: PUT_BACK });
    }
    return [];
  }
}
