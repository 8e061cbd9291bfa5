import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountEvents } from '../users/account-events.js';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';

/** What a device list knew of a person goes with the account, in the same transaction. */
@Injectable()
export class SessionErasure implements OnModuleInit {
  constructor(
    private readonly events: AccountEvents,
    private readonly sessions: SessionUpkeepRepository,
  ) {}

  onModuleInit(): void {
    this.events.on('userDeleted', (tx, { userId }) => this.sessions.erase(tx, userId));
  }
}
