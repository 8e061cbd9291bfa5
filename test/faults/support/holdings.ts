import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Connection } from './connections.js';
import type { AccessToken, Answer, Call, ConnectionKind, Moment } from './history.js';
import { now } from './http.js';

/** Connections that one person holds at a time; the oldest makes place for another. */
const MOST_OPEN = 6;

/** Milliseconds between two messages on each. */
const CHAT_MS = 200;

/** Until an event stream that is to end has ended, in milliseconds: why is read from the database first. */
const LAST_WORD_MS = 1_500;

const OPEN: Answer = { status: 200, code: null };

interface Held {
  connection: Connection;
  openedAt: Moment;
  /** Closed from here, of which nothing is to be noted. */
  left: boolean;
}

/** The connections that one person holds open. What is said on them is noted as the calls of requests are. */
export class Holdings {
  private held: Held[] = [];

  constructor(private readonly note: (call: Call) => void) {}

  async open(as: ConnectionKind, access: AccessToken, instance: number, url: string): Promise<void> {
    const sentAt = now();
    const connection = await connect(as, { access, instance, url });
    const isOpen = connection !== null && 'isOpen' in connection;
    const answer = isOpen ? OPEN : connection;
    this.note({ person: access.person, instance, act: { do: 'hold', as, access }, sentAt, answeredAt: now(), answer });
    if (!isOpen) return;
    const held = { connection, openedAt: now(), left: false };
    this.held.push(held);
    void this.watch(held);
    while (this.held.length > MOST_OPEN) this.leave(this.held[0]!);
  }

  /** Says something on every WebSocket, again and again. */
  async chat(over: () => boolean): Promise<void> {
    while (!over()) {
      await sleep(CHAT_MS);
      for (const held of this.held) void this.ask(held);
    }
  }

  /** Whether the right ones are still open, and answer, once all is healed; closes them. */
  async lastWords(): Promise<void> {
    const askedAt = now();
    await sleep(LAST_WORD_MS);
    for (const held of this.held) this.noteOf(held, askedAt, OPEN);
    await Promise.all(this.held.map((held) => this.ask(held, true)));
    for (const held of this.held) this.leave(held);
  }

  private async ask(held: Held, last?: true): Promise<void> {
    if (!held.connection.isOpen()) return;
    const sentAt = now();
    const answer = await held.connection.ask();
    if (answer) this.noteOf(held, sentAt, answer, last);
  }

  private async watch(held: Held): Promise<void> {
    const ending = await held.connection.ended;
    this.held = this.held.filter((other) => other !== held);
    if (held.left) return;
    if ('answer' in ending) return this.noteOf(held, now(), ending.answer);
    this.note({ ...this.callOf(held, held.openedAt, null), lost: ending.lost });
  }

  private leave(held: Held): void {
    held.left = true;
    this.held = this.held.filter((other) => other !== held);
    held.connection.close();
  }

  private noteOf(held: Held, sentAt: Moment, answer: Answer, last?: true): void {
    this.note({ ...this.callOf(held, sentAt, answer), ...(last && { last }) });
  }

  private callOf({ connection }: Held, sentAt: Moment, answer: Answer | null): Call {
    const { as, access, instance } = connection;
    return { person: access.person, instance, act: { do: 'hold', as, access }, sentAt, answeredAt: now(), answer };
  }
}
