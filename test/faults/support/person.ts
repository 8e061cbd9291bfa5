import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { INSTANCES, STALENESS, type Fleet } from './fleet.js';
import type { AccessToken, Act, Call, History, OperatorAct, PersonalAct, RefreshToken } from './history.js';
import { ask, now, type Reply, type Request } from './http.js';
import { operate } from './operator.js';
import type { Move } from './plan.js';

/** One signed-in device: what it keeps, and what it once had. */
interface Device {
  session: string;
  kind: Of<'sign in'>['kind'];
  access: AccessToken[];
  refresh: RefreshToken[];
  /** As far as the device knows. */
  ended: boolean;
}

/** The moves of which `Do` is one. */
type Of<Do extends Move['do']> = Move extends infer M
  ? M extends { do: infer Known }
    ? Do extends Known
      ? M
      : never
    : never
  : never;

let people = 0;

/** Makes the moves of one person, one after the other, and writes down what was asked and answered. */
export class Person {
  private number = 0;
  private email = '';
  /** The one that should be right comes first. */
  private passwords: string[] = [];
  private devices: Device[] = [];
  private readonly all: Device[] = [];
  private readonly pending: Promise<unknown>[] = [];

  constructor(
    private readonly fleet: Fleet,
    private readonly history: History,
  ) {}

  /** Makes these moves, and again from the first one, until it is `over`. */
  async live(moves: Move[], over: () => boolean): Promise<void> {
    for (let next = 0; next < moves.length || !over(); next++) {
      const move = moves[next % moves.length]!;
      await sleep(move.pause);
      await this.make(move);
    }
    await Promise.all(this.pending);
  }

  /** Presents every token there ever was, to every instance, once all is healed. */
  async lastWords(): Promise<void> {
    for (const device of this.all) {
      for (const access of [device.access[0]!, ...device.access.slice(1).slice(-2)]) {
        await Promise.all(this.fleet.instances.map(({ number }) => this.knock(access, number, true)));
      }
      const refresh = device.refresh.at(-1)!;
      await this.refresh(device, refresh, refresh.generation % INSTANCES, true);
    }
  }

  private async make(move: Move): Promise<void> {
    switch (move.do) {
      case 'sign in':
        return this.signIn(move);
      case 'suspend':
      case 'let in again':
      case 'give roles':
        return this.suffer(move.do, move.held);
      case 'knock':
      case 'read':
        return this.use(move);
    }
    const live = this.devices.filter(({ ended }) => !ended);
    if (live.length === 0) return this.signIn({ do: 'sign in', kind: 'native', on: 0, pause: 0 });
    const device = newest(live, move.device);
    switch (move.do) {
      case 'refresh': {
        const refresh = device.refresh.at(-1)!;
        await Promise.all(move.on.map((on) => this.refresh(device, refresh, on)));
        return;
      }
      case 'replay':
        return this.replay(device, move.on);
      case 'sign out':
        return this.signOut(device, move);
      case 'end a device':
        return this.endDevice(device, newest(this.devices, move.target), move.on);
      default:
        return this.act(device, move.do, move.on);
    }
  }

  private async signIn({ kind, on }: Of<'sign in'>): Promise<void> {
    if (this.email === '') return this.register(on);
    const [password] = this.passwords;
    const body = { email: this.email, password, delivery: kind === 'native' ? 'body' : 'cookie' };
    const request = { method: 'POST', path: '/v1/auth/login', body, ...senderOf(kind) };
    const call = await this.call({ do: 'sign in' }, on, request);
    if (call.access && call.refresh) this.devices.push(this.newDevice(kind, call.access, call.refresh));
    if (call.answer?.code === 'account_suspended') return this.suffer('let in again', 0);
    if (call.answer?.code !== 'credentials_invalid') return;
    // A change of password may have happened though it was not answered; after all of them the account is gone.
    this.passwords.shift();
    if (this.passwords.length === 0) this.email = '';
  }

  private async register(on: number): Promise<void> {
    this.number = ++people;
    this.devices = [];
    this.passwords = ['analytical engine 1843'];
    const email = `ada-${randomUUID()}@example.com`;
    const body = { email, password: this.passwords[0], delivery: 'body' };
    const call = await this.call({ do: 'register' }, on, { method: 'POST', path: '/v1/auth/register', body });
    if (!call.access || !call.refresh) return;
    this.email = email;
    this.devices.push(this.newDevice('native', call.access, call.refresh));
  }

  private async refresh(device: Device, refresh: RefreshToken, on: number, last?: true): Promise<void> {
    const call = await this.call({ do: 'refresh', refresh }, on, this.refreshRequest(device, refresh), last);
    this.keep(device, call);
    if (call.answer && [401, 403].includes(call.answer.status)) device.ended = true;
  }

  private async replay(device: Device, on: number): Promise<void> {
    const refresh = device.refresh.at(-3);
    if (!refresh) return;
    const call = await this.call({ do: 'replay', refresh }, on, this.refreshRequest(device, refresh));
    this.keep(device, call);
    if (call.answer?.status === 401) this.ended(device, call);
  }

  private async use(move: Of<'knock' | 'read'>): Promise<void> {
    if (this.devices.length === 0) return;
    const access = newest(this.devices, move.device).access.at(-1)!;
    if (move.do === 'knock') return this.knock(access, move.on);
    await this.call({ do: 'read', access }, move.on, { method: 'GET', path: '/v1/users/me', bearer: access.text });
  }

  /** A route that refuses, for want of a parameter and without the database, whatever the guard lets through. */
  private async knock(access: AccessToken, on: number, last?: true): Promise<void> {
    const request = { method: 'DELETE', path: '/v1/sessions', bearer: access.text };
    await this.call({ do: 'knock', access }, on, request, last);
  }

  private async signOut(device: Device, { by, on }: Of<'sign out'>): Promise<void> {
    const refresh = device.refresh.at(-1)!.text;
    const proof =
      by === 'access token'
        ? { bearer: device.access.at(-1)!.text }
        : device.kind === 'native'
          ? { body: { refreshToken: refresh } }
          : { cookie: refresh, ...senderOf(device.kind) };
    const request = { method: 'POST', path: '/v1/auth/logout', ...proof };
    const call = await this.call({ do: 'sign out', session: device.session }, on, request);
    if (isDone(call)) this.ended(device, call);
  }

  private async endDevice(device: Device, target: Device, on: number): Promise<void> {
    const access = device.access.at(-1)!;
    const request = { method: 'DELETE', path: `/v1/sessions/${target.session}`, bearer: access.text };
    const call = await this.call({ do: 'end a device', access, target: target.session }, on, request);
    if (isDone(call)) this.ended(target, call);
  }

  private async act(device: Device, act: PersonalAct, on: number): Promise<void> {
    const access = device.access.at(-1)!;
    const newPassword = `difference engine ${randomUUID()}`;
    const requests: Record<PersonalAct, Request> = {
      'end the others': { method: 'DELETE', path: '/v1/sessions?except=current' },
      'sign out everywhere': { method: 'POST', path: '/v1/auth/logout-all' },
      'change the password': {
        method: 'POST',
        path: '/v1/auth/password',
        body: { currentPassword: this.passwords[0], newPassword },
      },
      'delete the account': { method: 'DELETE', path: '/v1/users/me' },
    };
    const call = await this.call({ do: act, access }, on, { ...requests[act], bearer: access.text });
    const maybe = call.answer === null || call.answer.status >= 500;
    if (act === 'change the password' && maybe) this.passwords.push(newPassword);
    if (!isDone(call)) return;
    if (act === 'change the password') this.passwords = [newPassword];
    if (act === 'delete the account') this.email = '';
    const spared = act === 'end the others' || act === 'change the password' ? device : null;
    for (const other of this.devices) if (other !== spared && !other.ended) this.ended(other, call);
    // Signing out everywhere ends this one too; a new password gives it new tokens instead, which are kept.
    if (spared) this.keep(device, call);
  }

  private async suffer(act: OperatorAct, held: number): Promise<void> {
    if (this.email === '') return;
    const sentAt = now();
    const done = await operate(this.fleet.postgres, act, this.email, held).catch(() => null);
    const answer = done === null ? null : { status: done ? 204 : 409, code: null };
    const call = { person: this.number, instance: null, act: { do: act }, sentAt, answeredAt: now(), answer };
    this.history.calls.push(call);
    if (done && act === 'suspend') for (const device of this.devices) if (!device.ended) this.ended(device, call);
  }

  /** What was ended is presented at once where that was answered, and everywhere else once the bound has passed. */
  private ended(device: Device, { instance }: Call): void {
    device.ended = true;
    const access = device.access.at(-1)!;
    if (instance !== null) this.pending.push(this.knock(access, instance));
    const later = async () => {
      await sleep(STALENESS * 1000 + 50);
      await Promise.all(this.fleet.instances.map(({ number }) => this.knock(access, number)));
    };
    this.pending.push(later());
  }

  private refreshRequest({ kind }: Device, { text }: RefreshToken): Request {
    const request = { method: 'POST', path: '/v1/auth/refresh', ...senderOf(kind) };
    return kind === 'native' ? { ...request, body: { refreshToken: text } } : { ...request, body: {}, cookie: text };
  }

  private newDevice(kind: Device['kind'], access: AccessToken, refresh: RefreshToken): Device {
    const device = { session: access.session, kind, access: [access], refresh: [refresh], ended: false };
    this.all.push(device);
    return device;
  }

  private keep(device: Device, { access, refresh }: Call): void {
    if (access) device.access.push(access);
    if (refresh && device.refresh.at(-1)!.generation < refresh.generation) device.refresh.push(refresh);
  }

  private async call(act: Act, on: number, request: Request, last?: true): Promise<Call> {
    const sentAt = now();
    const { instance, reply } = await this.askAnyone(on, request);
    const answeredAt = now();
    const call: Call = { person: this.number, instance, act, sentAt, answeredAt, answer: reply?.answer ?? null };
    if (last) call.last = true;
    if (reply?.access) call.access = { ...reply.access, requestedAt: sentAt, receivedAt: answeredAt };
    if (reply?.refresh) call.refresh = reply.refresh;
    this.history.calls.push(call);
    return call;
  }

  /** As a balancer does it: where nobody listens, the next one is asked; what was sent is not sent again. */
  private async askAnyone(first: number, request: Request): Promise<{ instance: number; reply: Reply | null }> {
    for (let tries = 0; ; tries++) {
      const instance = (first + tries) % INSTANCES;
      const reply = await ask(this.fleet.instances[instance]!.url, request);
      if (reply !== 'nobody') return { instance, reply };
      if (tries % INSTANCES === INSTANCES - 1) await sleep(200);
    }
  }
}

function senderOf(kind: Device['kind']): Pick<Request, 'from'> {
  return kind === 'native' ? {} : { from: kind };
}

function isDone({ answer }: Call): boolean {
  return answer !== null && answer.status < 300;
}

/** The one `back` places before the newest; past the oldest it begins again. */
function newest<T>(list: T[], back: number): T {
  return list.at(-1 - (back % list.length))!;
}
