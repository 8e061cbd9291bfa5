import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from '../../support/poll.js';
import type { Fleet } from './fleet.js';
import { EVERYBODY, type Act, type Call, type History } from './history.js';
import type { Request } from './http.js';
import type { PlannedSweep } from './plan.js';
import * as requests from './requests.js';
import type { ApplicationId } from './settings.js';

/** What an operator does to everybody, one thing after the other; `onDone` is told of each that was done. */
export async function sweep(
  fleet: Fleet,
  history: History,
  sweeps: PlannedSweep[],
  onDone: (call: Call) => void,
): Promise<void> {
  const enabling: Promise<unknown>[] = [];
  for (const planned of sweeps) {
    const { on, pause } = planned;
    await sleep(pause);
    const asked = await askedBy(fleet, planned);
    if (!asked) continue;
    const call = await fleet.operator.act(asked.act, EVERYBODY, on, asked.request, history);
    if (isDone(call)) onDone(call!);
    if (planned.do !== 'disable the application') continue;
    // Also where no answer came: it may be disabled all the same.
    const { application, lasting } = planned;
    enabling.push(sleep(lasting).then(() => enable(fleet, history, application, on)));
  }
  await Promise.all(enabling);
}

/** Until each application is enabled, once all is healed: its enabling may have failed, or been lost by the database. */
export async function enableAgain(fleet: Fleet, history: History, sweeps: PlannedSweep[]): Promise<void> {
  const disabled = sweeps.flatMap((planned) => (planned.do === 'disable the application' ? [planned] : []));
  for (const { application, on } of disabled) {
    await poll(async () => {
      const call = await enable(fleet, history, application, on);
      return isDone(call) || call?.answer?.code === 'conflict';
    }, 30);
  }
}

function enable(fleet: Fleet, history: History, application: ApplicationId, on: number): Promise<Call | null> {
  const act = 'enable the application';
  return fleet.operator.act({ do: act, application }, EVERYBODY, on, requests.ofApplication(act, application), history);
}

interface Asked {
  act: Act;
  request: Request;
}

/** Null when it cannot be asked for. */
async function askedBy(fleet: Fleet, planned: PlannedSweep): Promise<Asked | null> {
  switch (planned.do) {
    case 'withdraw a key':
      return withdrawal(fleet, planned.on);
    case 'sign out everyone':
      return { act: { do: planned.do }, request: requests.revocation('everyone') };
    default: {
      const { do: what, application } = planned;
      return { act: { do: what, application }, request: requests.ofApplication(what, application) };
    }
  }
}

async function withdrawal({ operator }: Fleet, on: number): Promise<Asked | null> {
  const kid = await operator.signingKey(on);
  return kid === null ? null : { act: { do: 'withdraw a key', kid }, request: requests.withdrawal(kid) };
}

function isDone(call: Call | null): boolean {
  return call !== null && call.answer !== null && call.answer.status < 300;
}
