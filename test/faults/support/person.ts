import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from './caller.js';
import type { Fleet } from './fleet.js';
import type { AccessToken, Call, History, OperatorAct, PersonalAct, RefreshToken } from './history.js';
import { isOf } from './effects.js';
import { Holdings } from './holdings.js';
import type { Move } from './plan.js';
import * as requests from './requests.js';
import { INSTANCES, type ApplicationId } from './settings.js';

/** One signed-in device: what it keeps, and what it once had. */
interface Device {
  session: string;
  application: ApplicationId;
  kind: requests.DeviceKind;
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

/** What is no business of another application than the service's own. */
const BY_ACCOUNT_ONLY = new Set<Move['do']>([
  'end a device',
  'end the others',
  'sign out everywhere',
  'change the password',
  'delete the account',
]);

let people = 0;

/** Makes the moves of one person, one after the other, and writes down what was asked and answered. */
export class Person {
  private userId = '';
  private email = '';
  /** The one that should be right comes first. */
  private passwords: string[] = [];
  private devices: Device[] = [];
  private readonly all: Device[] = [];
  private readonly caller: Caller;
  private readonly holdings: Holdings;

  constructor(fleet: Fleet, history: History) {
    this.caller = new Caller(fleet, history);
    this.holdings = new Holdings((call) => history.calls.push(call));
  }

  /** Makes these moves, and again from the first one, until it is `over`. */
  async live(moves: Move[], over: () => boolean): Promise<void> {
    let done = false;
    const chat = this.holdings.chat(() => done);
    for (let next = 0; next < moves.length || !over(); next++) {
      const move = moves[next % moves.length]!;
      await sleep(move.pause);
      await this.make(move);
    }
    await this.caller.settled();
    done = true;
    await chat;
  }

  /** Somebody else's doing has ended every device, or taken back its token. */
  suffered(call: Call): void {
    for (const device of this.devices) if (!device.ended && isOf(call, device.application)) this.ended(device, call);
  }

  /** Tries and closes what it holds open, once all is healed. */
  closeAll(): Promise<void> {
    return this.holdings.lastWords();
  }

  /** Presents every token there ever was, to every instance, once all is healed. */
  async lastWords(): Promise<void> {
    for (const device of this.all) {
      for (const access of [device.access[0]!, ...device.access.slice(1).slice(-2)]) {
        await this.caller.knockEverywhere(access, true);
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
      case 'sign out a person':
        return this.suffer(move);
      case 'knock':
      case 'read':
      case 'verify':
      case 'hold':
        return this.use(move);
    }
    const live = this.devices.filter(
      ({ ended, application }) => !ended && (application === 'account' || !BY_ACCOUNT_ONLY.has(move.do)),
    );
    if (live.length === 0) return this.signIn({ do: 'sign in', kind: 'native', to: 'account', on: 0, pause: 0 });
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
      case 'end a session':
      case 'deny a token':
        return this.lose(device, move);
      case 'end a device':
        return this.endDevice(device, newest(this.devices, move.target), move.on);
      default:
        return this.act(device, move.do, move.on);
    }
  }

  private async signIn({ kind: asked, to, on }: Of<'sign in'>): Promise<void> {
    if (this.email === '') return this.register(on);
    // The other application has no pages, and so no cookies.
    const kind = to === 'account' ? asked : 'native';
    const request = requests.signIn(kind, this.email, this.passwords[0]!, to);
    const call = await this.caller.call({ do: 'sign in', application: to }, on, request);
    if (call.access && call.refresh) this.devices.push(this.newDevice(kind, call.access, call.refresh));
    if (call.answer?.code === 'account_suspended') return this.suffer({ do: 'let in again', on, held: 0, pause: 0 });
    if (call.answer?.code !== 'credentials_invalid') return;
    // A change of password may have happened though it was not answered; after all of them the account is gone.
    this.passwords.shift();
    if (this.passwords.length === 0) this.email = '';
  }

  private async register(on: number): Promise<void> {
    this.caller.person = ++people;
    this.devices = [];
    this.passwords = ['analytical engine 1843'];
    const email = `ada-${randomUUID()}@example.com`;
    const call = await this.caller.call({ do: 'register' }, on, requests.registration(email, this.passwords[0]!));
    if (!call.access || !call.refresh) return;
    this.userId = call.userId!;
    this.email = email;
    this.devices.push(this.newDevice('native', call.access, call.refresh));
  }

  private async refresh(device: Device, refresh: RefreshToken, on: number, last?: true): Promise<void> {
    const request = requests.refresh(device.kind, device.application, refresh);
    const call = await this.caller.call({ do: 'refresh', refresh }, on, request, last);
    this.keep(device, call);
    if (call.answer && [401, 403].includes(call.answer.status)) device.ended = true;
  }

  private async replay(device: Device, on: number): Promise<void> {
    const refresh = device.refresh.at(-3);
    if (!refresh) return;
    const request = requests.refresh(device.kind, device.application, refresh);
    const call = await this.caller.call({ do: 'replay', refresh }, on, request);
    this.keep(device, call);
    if (call.answer?.status === 401) this.ended(device, call);
  }

  private async use(move: Of<'knock' | 'read' | 'verify' | 'hold'>): Promise<void> {
    if (this.devices.length === 0) return;
    const access = newest(this.devices, move.device).access.at(-1)!;
    const { fleet } = this.caller;
    if (move.do === 'knock') return this.caller.knock(access, move.on);
    if (move.do === 'verify') return this.caller.verify(access, move.on);
    if (move.do === 'hold') return this.holdings.open(move.as, access, move.on, fleet.instances[move.on]!.url);
    await this.caller.call({ do: 'read', access }, move.on, requests.read(access));
  }

  private async signOut(device: Device, { by, on }: Of<'sign out'>): Promise<void> {
    const proof = by === 'access token' ? device.access.at(-1)! : device.refresh.at(-1)!;
    const request = requests.signOut(device.kind, device.application, proof);
    const call = await this.caller.call({ do: 'sign out', session: device.session }, on, request);
    if (isDone(call)) this.ended(device, call);
  }

  private async endDevice(device: Device, target: Device, on: number): Promise<void> {
    const access = device.access.at(-1)!;
    const request = { method: 'DELETE', path: `/v1/sessions/${target.session}`, bearer: access.text };
    const call = await this.caller.call({ do: 'end a device', access, target: target.session }, on, request);
    if (isDone(call)) this.ended(target, call);
  }

  private async act(device: Device, act: PersonalAct, on: number): Promise<void> {
    const access = device.access.at(-1)!;
    const newPassword = `difference engine ${randomUUID()}`;
    const request = requests.personal(act, this.passwords[0]!, newPassword);
    const call = await this.caller.call({ do: act, access }, on, { ...request, bearer: access.text });
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

  private async suffer({ do: act, held, on }: Of<OperatorAct>): Promise<void> {
    if (this.email === '') return;
    const call =
      held > 0 && act !== 'sign out a person'
        ? await this.caller.operateHeld(act, this.email, held)
        : await this.caller.operate({ do: act }, on, requests.operators(act, this.userId));
    if (call && isDone(call) && (act === 'suspend' || act === 'sign out a person')) this.suffered(call);
  }

  private async lose(device: Device, { do: act, on }: Of<'end a session' | 'deny a token'>): Promise<void> {
    const { session } = device;
    const access = device.access.at(-1)!;
    const call =
      act === 'end a session'
        ? await this.caller.operate({ do: act, session }, on, requests.revocation('session', session))
        : await this.caller.operate(
            { do: act, session, jti: access.jti },
            on,
            requests.revocation('token', access.jti),
          );
    if (!call || !isDone(call)) return;
    if (act === 'end a session') this.ended(device, call);
    else this.caller.present(access, call);
  }

  private ended(device: Device, call: Call): void {
    device.ended = true;
    this.caller.present(device.access.at(-1)!, call);
  }

  private newDevice(kind: Device['kind'], access: AccessToken, refresh: RefreshToken): Device {
    const { session, application } = access;
    const device = { session, application, kind, access: [access], refresh: [refresh], ended: false };
    this.all.push(device);
    return device;
  }

  private keep(device: Device, { access, refresh }: Call): void {
    if (access) device.access.push(access);
    if (refresh && device.refresh.at(-1)!.generation < refresh.generation) device.refresh.push(refresh);
  }
}

function isDone({ answer }: Call): boolean {
  return answer !== null && answer.status < 300;
}

/** The one `back` places before the newest; past the oldest it begins again. */
function newest<T>(list: T[], back: number): T {
  return list.at(-1 - (back % list.length))!;
}
