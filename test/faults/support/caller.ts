import type { VerificationError } from '@portcullis/verifier';
import { setTimeout as sleep } from 'node:timers/promises';
import { refusal } from './connections.js';
import type { Fleet } from './fleet.js';
import type { AccessToken, Act, Call, History } from './history.js';
import { askAnyone, callOf, now, type Request } from './http.js';
import { operate, type HeldAct } from './operator.js';
import * as requests from './requests.js';
import { INSTANCES, STALENESS } from './settings.js';

/** Asks for one person, and writes down what was asked and answered. */
export class Caller {
  person = 0;
  private readonly pending: Promise<unknown>[] = [];

  constructor(
    readonly fleet: Fleet,
    private readonly history: History,
  ) {}

  async call(act: Act, on: number, request: Request, last?: true): Promise<Call & { userId?: string }> {
    const sentAt = now();
    const { instance, reply } = await askAnyone(this.fleet.instances, on, request);
    const call = callOf(ownerOf(act) ?? this.person, act, { instance, reply, sentAt });
    this.history.calls.push(last ? { ...call, last } : call);
    return reply?.userId === undefined ? call : { ...call, userId: reply.userId };
  }

  /** An operator does it. Null when it was not even asked. */
  operate(act: Act, on: number, request: Request): Promise<Call | null> {
    return this.fleet.operator.act(act, this.person, on, request, this.history);
  }

  /** An operator does it in a transaction that is open for so many milliseconds. */
  async operateHeld(act: HeldAct, email: string, held: number): Promise<Call> {
    const sentAt = now();
    const done = await operate(this.fleet.postgres, act, email, held).catch(() => null);
    const answer = done === null ? null : { status: done ? 204 : 409, code: null };
    const call = { person: this.person, instance: null, act: { do: act }, sentAt, answeredAt: now(), answer };
    this.history.calls.push(call);
    return call;
  }

  /** A route that says, without the database, no more than whether the guard lets it through. */
  async knock(access: AccessToken, on: number, last?: true): Promise<void> {
    await this.call({ do: 'knock', access }, on, requests.knock(access), last);
  }

  /** Asks an application that was shown the token. Those that there are verify tokens of the built-in one. */
  async verify(access: AccessToken, follower: number, last?: true): Promise<void> {
    if (access.application !== 'account') return;
    const sentAt = now();
    const answer = await this.fleet.followers[follower]!.verify(access.text).then(
      () => ({ status: 200, code: null }),
      (error: VerificationError) => refusal(error.code),
    );
    const { person } = access;
    const instance = INSTANCES + follower;
    const call: Call = { person, instance, act: { do: 'knock', access }, sentAt, answeredAt: now(), answer };
    this.history.calls.push(last ? { ...call, last } : call);
  }

  async knockEverywhere(access: AccessToken, last?: true): Promise<void> {
    await Promise.all([
      ...this.fleet.instances.map(({ number }) => this.knock(access, number, last)),
      ...this.fleet.followers.map((_, number) => this.verify(access, number, last)),
    ]);
  }

  /** What was taken back is presented at once where that was answered, and everywhere else once the bound has passed. */
  present(access: AccessToken, { instance }: Call): void {
    if (instance !== null) this.pending.push(this.knock(access, instance));
    this.pending.push(sleep(STALENESS * 1000 + 50).then(() => this.knockEverywhere(access)));
  }

  /** Until all of that is presented. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }
}

/** Who was given the token that is shown: a person whose account is gone has another one by now, and is another person. */
function ownerOf(act: Act): number | undefined {
  if ('access' in act) return act.access.person;
  return 'refresh' in act ? act.refresh.person : undefined;
}
