import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import { EVERYBODY, type Act, type Call, type History } from './history.js';
import type { Request } from './http.js';
import type { PlannedSweep } from './plan.js';
import * as requests from './requests.js';

/** What an operator does to everybody, one thing after the other; `onDone` is told of each that was done. */
export async function sweep(
  fleet: Fleet,
  history: History,
  sweeps: PlannedSweep[],
  onDone: (call: Call) => void,
): Promise<void> {
  for (const { do: what, on, pause } of sweeps) {
    await sleep(pause);
    const asked = what === 'withdraw a key' ? await withdrawal(fleet, on) : signOut(what);
    if (!asked) continue;
    const call = await fleet.operator.act(asked.act, EVERYBODY, on, asked.request, history);
    if (call?.answer && call.answer.status < 300) onDone(call);
  }
}

interface Asked {
  act: Act;
  request: Request;
}

async function withdrawal({ operator }: Fleet, on: number): Promise<Asked | null> {
  const kid = await operator.signingKey(on);
  return kid === null ? null : { act: { do: 'withdraw a key', kid }, request: requests.withdrawal(kid) };
}

function signOut(what: 'sign out the application' | 'sign out everyone'): Asked {
  const request =
    what === 'sign out everyone' ? requests.revocation('everyone') : requests.revocation('application', 'account');
  return { act: { do: what }, request };
}
