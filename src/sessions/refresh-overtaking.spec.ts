import fc from 'fast-check';
import { judgeRefresh, type RefreshEvidence, type RefreshVerdict } from './refresh-verdict.js';

/** In the model's units of time. */
const GRACE = 20;
const LONGEST_WAIT = 100;

/** A refresh token: its generation, and how many re-issues came before it. */
interface Token {
  generation: number;
  reissues: number;
}

/** A request of some tab: when it leaves with the cookie, how long until it is handled, and then until its answer is stored. */
interface Exchange {
  does: 'refresh' | 'reauthenticate';
  leaves: number;
  travels: number;
  returns: number;
  lost: boolean;
}

/** What was handled: the verdict, and how long ago its cookie had been replaced (negative: it was current). */
interface Handled {
  verdict: RefreshVerdict;
  age: number;
}

/** A refresh whose way takes up to `longest` each way and whose answer arrives, but for what is chosen otherwise. */
function anyExchange(
  longest: number,
  { does, lost }: { [Field in 'does' | 'lost']?: fc.Arbitrary<Exchange[Field]> } = {},
) {
  return fc.record<Exchange>({
    does: does ?? fc.constant('refresh'),
    leaves: fc.nat(LONGEST_WAIT),
    travels: fc.nat(longest),
    returns: fc.nat(longest),
    lost: lost ?? fc.constant(false),
  });
}

/** A browser whose tabs share one cookie, and the service: what happens is ordered by time, and by chance within it. */
class Model {
  private readonly replacedAt: number[] = [];
  private current: Token = { generation: 1, reissues: 0 };
  private rotatedAt = 0;
  private cookie = this.current;
  private readonly agenda: { at: number; act: () => void }[] = [];
  readonly handled: Handled[] = [];

  run(exchanges: Exchange[]): Handled[] {
    for (const exchange of exchanges) this.plan(exchange.leaves, () => this.leave(exchange));
    while (this.agenda.length > 0) {
      const next = this.agenda.reduce((first, entry) => (entry.at < first.at ? entry : first));
      this.agenda.splice(this.agenda.indexOf(next), 1);
      next.act();
    }
    return this.handled;
  }

  private plan(at: number, act: () => void): void {
    this.agenda.push({ at, act });
  }

  private leave({ does, leaves, travels, returns, lost }: Exchange): void {
    const sent = this.cookie;
    const at = leaves + travels;
    this.plan(at, () => {
      const answer = does === 'refresh' ? this.refresh(sent, at) : this.moveOn(at, 1);
      // A browser is not sent the token that it has.
      if (answer && answer !== sent && !lost) this.plan(at + returns, () => (this.cookie = answer));
    });
  }

  private refresh(sent: Token, now: number): Token | null {
    const verdict = judgeRefresh({ generation: sent.generation, byBrowser: true }, this.evidence(sent, now));
    this.handled.push({ verdict, age: now - (this.replacedAt[sent.generation] ?? Infinity) });
    if (verdict === 'rotate') return this.moveOn(now, 0);
    return verdict === 'repeat' ? this.current : null;
  }

  private moveOn(now: number, reissues: number): Token {
    this.replacedAt[this.current.generation] = now;
    this.rotatedAt = now;
    this.current = { generation: this.current.generation + 1, reissues: this.current.reissues + reissues };
    return this.current;
  }

  private evidence({ reissues }: Token, now: number): RefreshEvidence {
    const older = this.current.reissues - reissues;
    return {
      secret: older === 0 ? 'current' : older === 1 ? 'previous' : 'other',
      alive: true,
      userStatus: 'active',
      applicationEnabled: true,
      generation: this.current.generation,
      withinGrace: now < this.rotatedAt + GRACE,
    };
  }
}

test("a browser's request handled within the grace of a moment at which its cookie was the current one ends nothing", () => {
  const does = fc.constantFrom<Exchange['does']>('refresh', 'refresh', 'reauthenticate');
  const exchange = anyExchange(LONGEST_WAIT, { does, lost: fc.boolean() });
  fc.assert(
    fc.property(fc.array(exchange, { maxLength: 30, size: 'max' }), (exchanges) => {
      const early = new Model().run(exchanges).filter(({ age }) => age < GRACE);
      expect(early.map(({ verdict }) => verdict)).not.toContain('reused');
    }),
    { numRuns: 2_000 },
  );
});

test('tabs whose every refresh is answered in less than half the grace are never refused anything, however they overtake', () => {
  const quick = anyExchange(GRACE / 2).filter(({ travels, returns }) => travels + returns < GRACE / 2);
  fc.assert(
    fc.property(fc.array(quick, { maxLength: 40, size: 'max' }), (exchanges) => {
      const verdicts = new Set(new Model().run(exchanges).map(({ verdict }) => verdict));
      expect(['rotate', 'repeat']).toEqual(expect.arrayContaining([...verdicts]));
    }),
    { numRuns: 2_000 },
  );
});
