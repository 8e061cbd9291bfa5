import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import type { History, Rollback } from './history.js';
import { now } from './http.js';
import type { DatabaseFault, InstanceFault, Plan } from './plan.js';
import { promoteStandby, restoreBackup } from './rollback.js';

/** What befalls one instance, for so many milliseconds. */
const toInstance: Record<InstanceFault['fault'], (fleet: Fleet, number: number, lasting: number) => Promise<void>> = {
  killed: async ({ instances }, number, lasting) => {
    await instances[number]!.end('SIGKILL');
    await sleep(lasting);
    await instances[number]!.start();
  },

  restarted: async ({ instances }, number) => {
    await instances[number]!.end('SIGTERM');
    await instances[number]!.start();
  },

  frozen: async ({ instances }, number, lasting) => {
    instances[number]!.signal('SIGSTOP');
    await sleep(lasting);
    instances[number]!.signal('SIGCONT');
  },

  'cut off': async ({ ways }, number, lasting) => {
    ways[number]!.cut();
    await sleep(lasting);
    ways[number]!.heal();
  },

  'black hole': async ({ ways }, number, lasting) => {
    ways[number]!.freeze();
    await sleep(lasting);
    ways[number]!.heal();
  },
};

/** What befalls the database, for so many milliseconds; and what it lost by that. */
const toDatabase: Record<DatabaseFault['fault'], (fleet: Fleet, lasting: number) => Promise<Rollback | void>> = {
  'connections terminated': async ({ postgres }) => {
    await postgres.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name ^@ 'portcullis'`,
    );
  },

  /** Refreshes and ends wait for them, and take every connection of the pool while they do. */
  'sessions locked': ({ postgres }, lasting) => holding(postgres, 'select 1 from sessions for update', lasting),

  'head locked': ({ postgres }, lasting) => holding(postgres, 'select 1 from revocation_head for update', lasting),

  'restarted in order': async ({ postgres }) => {
    await postgres.stop('fast');
    await postgres.start();
  },

  crashed: async ({ postgres }, lasting) => {
    await postgres.stop('immediate');
    await sleep(lasting);
    await postgres.start();
  },

  'everything killed': async ({ postgres, instances }) => {
    const again = instances.map((instance) =>
      instance.alone(async () => {
        await instance.end('SIGKILL');
        await instance.start();
      }),
    );
    await postgres.stop('immediate');
    await postgres.start();
    await Promise.all(again);
  },

  'backup restored': (fleet, lasting) => whileAllRun(fleet, () => restoreBackup(fleet, lasting)),

  'standby promoted': (fleet, lasting) => whileAllRun(fleet, () => promoteStandby(fleet, lasting)),
};

/** What the database forgets is known to whoever runs: here all of them do, and nobody is cut off from it. */
async function whileAllRun<T>({ instances, settled }: Fleet, work: () => Promise<T>): Promise<T> {
  let release = () => {};
  const over = new Promise<void>((resolve) => (release = resolve));
  const held = instances.map(
    (instance) =>
      new Promise<void>((resolve) => {
        void instance.alone(() => {
          resolve();
          return over;
        });
      }),
  );
  await Promise.all(held);
  try {
    await settled(30);
    return await work();
  } finally {
    release();
  }
}

/** All faults of a plan, those of the instances beside those of the database, each ended before the next of its kind. */
export async function strike(
  fleet: Fleet,
  history: History,
  { instanceFaults, databaseFaults }: Pick<Plan, 'instanceFaults' | 'databaseFaults'>,
): Promise<void> {
  const outcomes = await Promise.allSettled([
    inTurn(instanceFaults, ({ fault, instance, lasting }) =>
      noted(history, `instance ${instance}: ${fault}`, () =>
        fleet.instances[instance]!.alone(() => toInstance[fault](fleet, instance, lasting)),
      ),
    ),
    inTurn(databaseFaults, ({ fault, lasting }) =>
      noted(history, `database: ${fault}`, () => toDatabase[fault](fleet, lasting)),
    ),
  ]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function inTurn<T extends { pause: number }>(faults: T[], strike: (fault: T) => Promise<void>): Promise<void> {
  for (const fault of faults) {
    await sleep(fault.pause);
    await strike(fault);
  }
}

async function noted(history: History, name: string, work: () => Promise<Rollback | void>): Promise<void> {
  const from = now();
  const rollback = await work();
  history.faults.push({ name, from, to: now() });
  if (rollback) history.rollbacks.push(rollback);
}

async function holding(postgres: Fleet['postgres'], lock: string, lasting: number): Promise<void> {
  await postgres.connected(async (client) => {
    await client.query('begin');
    await client.query(lock);
    await sleep(lasting);
  });
}
