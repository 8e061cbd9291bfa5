import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';

/** What other modules may need to do in the same transaction. */
export interface AccountEventMap {
  /** The account is gone; its id is never given to another. */
  userDeleted: { userId: string };
  /** One device was ended, by whatever cause. */
  sessionEnded: { userId: string; sessionId: string; reason: string };
  /** All devices were ended at once; `kept` is the one that stays, if any. */
  signedOutEverywhere: { userId: string; kept: string | null; reason: string };
}

type Handler<Name extends keyof AccountEventMap> = (tx: Transaction, event: AccountEventMap[Name]) => Promise<void>;

/**
 * Lets a module react to what happens to an account, in the transaction in which it happens: when a handler throws,
 * nothing happened. Handlers run one after the other, in the order they were added.
 */
@Injectable()
export class AccountEvents {
  private readonly handlers: { [Name in keyof AccountEventMap]: Handler<Name>[] } = {
    userDeleted: [],
    sessionEnded: [],
    signedOutEverywhere: [],
  };

  on<Name extends keyof AccountEventMap>(name: Name, handler: Handler<Name>): void {
    this.handlers[name].push(handler);
  }

  /** Whether any module reacts to it. */
  isHeard(name: keyof AccountEventMap): boolean {
    return this.handlers[name].length > 0;
  }

  async emit<Name extends keyof AccountEventMap>(
    tx: Transaction,
    name: Name,
    event: AccountEventMap[Name],
  ): Promise<void> {
    for (const handler of this.handlers[name]) await handler(tx, event);
  }
}
