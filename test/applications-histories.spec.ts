import fc from 'fast-check';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { addApplication, administrationOf, applicationsOf, registerAt } from './support/applications.js';
import type { Device } from './support/device.js';
import { ACT } from './support/operator.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/**
 * Two applications, one person, two instances, any order of acts; and what every token must get, by a model of a few
 * lines. No sum of waits comes nearer to a limit than a minute: a slow machine must not decide.
 */
const WAIT = 700;
const IDLES = [1_000, 3_000];
const MAXES = [5_000, 10_000];

interface ModelApplication {
  id: string;
  enabled: boolean;
  /** How often its sessions were all ended. */
  epoch: number;
  idle: number;
  max: number;
}

interface ModelSession {
  device: Device;
  of: ModelApplication;
  epoch: number;
  usedAt: number;
  endsAt: number;
  ended: boolean;
  tokenFrom: number;
  /** When it was told that it has ended, which it may hear again for a minute, though a limit was raised since. */
  toldAt: number;
}

type Step =
  | { do: 'sign in' | 'disable' | 'enable' | 'sign out'; application: number }
  | { do: 'idle' | 'max'; application: number; choice: number }
  | { do: 'refresh' | 'end'; session: number }
  | { do: 'wait' };

const application = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('sign in' as const), application }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('disable' as const, 'sign out' as const), application }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('enable' as const), application }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('idle' as const, 'max' as const), application, choice: fc.nat(1) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('refresh' as const), session: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), session: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.constant<Step>({ do: 'wait' }) },
);

let one: Service;
let two: Service;

beforeAll(async () => {
  one = await startService({ env: { RATE_LIMITS: 'off' } });
  two = await startService({ besides: one, env: { RATE_LIMITS: 'off' } });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

class History {
  now = 0;
  readonly sessions: ModelSession[] = [];

  constructor(
    readonly applications: ModelApplication[],
    readonly person: Device,
  ) {}

  static async begin(): Promise<History> {
    const limits = { sessionIdle: IDLES[0]!, sessionMax: MAXES[0]! };
    const ids = [await addApplication(one, limits), await addApplication(one, limits)];
    await applicationsOf(two).load();
    const applications = ids.map((id) => ({ id, enabled: true, epoch: 0, idle: IDLES[0]!, max: MAXES[0]! }));
    return new History(applications, await registerAt(one, 'account'));
  }

  isAlive({ of, epoch, usedAt, endsAt, ended }: ModelSession): boolean {
    return !ended && of.enabled && epoch === of.epoch && this.now < endsAt && this.now < usedAt + of.idle;
  }

  /** What its access token gets. */
  access({ of, epoch, ended, tokenFrom }: ModelSession): string | null {
    if (this.now > tokenFrom + 605) return 'token_expired';
    if (!of.enabled) return 'application_disabled';
    if (ended) return 'session_ended';
    return epoch === of.epoch ? null : 'token_outdated';
  }

  async take(step: Step, at: Service): Promise<void> {
    if (step.do === 'wait') {
      await one.advance(WAIT);
      this.now += WAIT;
      return;
    }
    if ('session' in step) return this.toSession(step.do, this.sessions.at(-1 - step.session), at);
    const of = this.applications[step.application]!;
    if (step.do === 'sign in') return this.signIn(of, at);
    if (step.do === 'idle' || step.do === 'max') return this.limit(of, step.do, step.choice, at);
    await this.toAll(of, step.do, at);
  }

  private async signIn(of: ModelApplication, at: Service): Promise<void> {
    const signingIn = this.person.another({ applicationId: of.id }, at);
    if (!of.enabled) return expect(signingIn).rejects.toThrow('application_disabled');
    const device = await signingIn;
    const { now } = this;
    const { epoch, max } = of;
    this.sessions.push({ device, of, epoch, usedAt: now, endsAt: now + max, ended: false, tokenFrom: now, toldAt: -1 });
  }

  private async limit(of: ModelApplication, which: 'idle' | 'max', choice: number, at: Service): Promise<void> {
    const value = (which === 'idle' ? IDLES : MAXES)[choice]!;
    const field = which === 'idle' ? 'sessionIdle' : 'sessionMax';
    await administrationOf(at).update(of.id, { [field]: value }, ACT);
    of[which] = value;
  }

  private async toAll(of: ModelApplication, act: 'disable' | 'enable' | 'sign out', at: Service): Promise<void> {
    const done =
      act === 'sign out'
        ? at.app.get(ApplicationSignOutService, { strict: false }).signOutApplication(of.id, ACT)
        : administrationOf(at)[act](of.id, ACT);
    if (act !== 'sign out' && of.enabled === (act === 'enable'))
      return expect(done).rejects.toMatchObject({ code: 'conflict' });
    await done;
    if (act !== 'enable') of.epoch += 1;
    if (act !== 'sign out') of.enabled = act === 'enable';
  }

  private async toSession(act: 'refresh' | 'end', session: ModelSession | undefined, at: Service): Promise<void> {
    if (!session) return;
    if (act === 'refresh') return this.refresh(session, at);
    const { sessionId } = session.device;
    await this.person.login();
    const { status } = await this.person.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' }, at);
    // One that ran out can be ended too: it may have been used since, which is not written yet.
    expect(status).toBe(session.ended ? 404 : 204);
    session.ended = true;
  }

  private async refresh(session: ModelSession, at: Service): Promise<void> {
    const { code } = await session.device.refresh(undefined, at);
    if (code === 'session_ended' && session.toldAt === this.now) return;
    if (!session.of.enabled) return expect(code).toBe('application_disabled');
    expect(code).toBe(this.isAlive(session) ? null : 'session_ended');
    if (code === 'session_ended') session.toldAt = this.now;
    if (code === null) session.usedAt = session.tokenFrom = this.now;
  }
}

test('in whatever order: every token gets what the application that it is of says at that moment, on both instances', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
    const history = await History.begin();
    for (const [place, each] of steps.entries()) {
      await history.take(each, place % 2 ? two : one);
      await Promise.all([catchUp(one), catchUp(two)]);
      for (const session of history.sessions) {
        for (const at of [one, two]) {
          const { code } = await session.device.send('/v1/sessions/current', {}, at);
          expect(code).toBe(history.access(session));
        }
      }
    }
  });
  await fc.assert(property, { numRuns: 15 });
});
