import { MAX_TOKEN_LIFE } from '@portcullis/verifier';
import type { SigningAlgorithm, SigningKeyStatus } from './signing-key.entity.js';

/**
 * Seconds that a key is published before it signs: three times what `Cache-Control` of the key set allows, and longer
 * than the ten minutes for which usual libraries keep a key set whatever it allows.
 */
export const PUBLISHED_BEFORE_USE = 15 * 60;

/**
 * Seconds that a key stays published after it signed last: the longest life of a token, the leeway of verifiers (5 s),
 * and five minutes for instances that learn of the rotation late and for clocks that differ.
 */
export const PUBLISHED_AFTER_USE = MAX_TOKEN_LIFE + 5 + 300;

export interface KeyState {
  kid: string;
  algorithm: SigningAlgorithm;
  status: SigningKeyStatus;
  /** Seconds since it was published. */
  age: number;
  /** Seconds since it began to sign; null when it never did. */
  signedFor: number | null;
}

export interface RotationPolicy {
  algorithm: SigningAlgorithm;
  /** Seconds that one key signs. */
  interval: number;
}

/** What is to be done, in this order. */
export interface KeyPlan {
  retire: string[];
  /** The standby that is to sign. */
  promote: string | null;
  make: { algorithm: SigningAlgorithm; status: 'active' | 'standby' }[];
}

/**
 * What the keys need: always one that signs, and one of the wanted algorithm on standby, which takes over in time, or
 * `atOnce`, but never before everyone can know it. Only where nothing signs at all is that not waited for.
 */
export function planRotation(keys: readonly KeyState[], policy: RotationPolicy, atOnce = false): KeyPlan {
  const active = keys.find((key) => key.status === 'active');
  const standbys = keys.filter((key) => key.status === 'standby').toSorted((one, other) => other.age - one.age);
  const next = standbys.find((key) => key.algorithm === policy.algorithm);
  const standby = { algorithm: policy.algorithm, status: 'standby' } as const;
  if (!active) {
    const promote = next ?? standbys[0];
    if (promote) return { retire: [], promote: promote.kid, make: [standby] };
    return { retire: [], promote: null, make: [{ ...standby, status: 'active' }, standby] };
  }
  if (!next) return { retire: [], promote: null, make: [standby] };
  const due = atOnce || active.algorithm !== policy.algorithm || (active.signedFor ?? 0) >= policy.interval;
  if (!due || next.age < PUBLISHED_BEFORE_USE) return { retire: [], promote: null, make: [] };
  // A standby of an algorithm that is no longer wanted would never sign.
  const unwanted = standbys.filter((key) => key.algorithm !== policy.algorithm);
  return { retire: [active, ...unwanted].map((key) => key.kid), promote: next.kid, make: [standby] };
}

/** Whether a plan changes anything. */
export function isEmpty({ retire, promote, make }: KeyPlan): boolean {
  return retire.length === 0 && promote === null && make.length === 0;
}
