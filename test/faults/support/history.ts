import type { ApplicationId } from './settings.js';

/** Milliseconds of the monotonic clock of the process that asks. */
export type Moment = number;

/** A token as whoever holds it knows it: nothing that only the service could tell. */
export interface AccessToken {
  person: number;
  session: string;
  application: ApplicationId;
  text: string;
  /** The key that signed it, and its name: what an operator can take back. */
  kid: string;
  jti: string;
  /** Of the call that brought it. */
  requestedAt: Moment;
  receivedAt: Moment;
}

export interface RefreshToken {
  person: number;
  session: string;
  generation: number;
  text: string;
}

/** What is asked of the service. `knock`: what the guard says, of a route that needs nothing else, the database least of all. */
export type Act =
  | { do: 'register' }
  | { do: 'sign in'; application: ApplicationId }
  /** `replay`: of a token that was replaced long ago, as a thief would. */
  | { do: 'refresh' | 'replay'; refresh: RefreshToken }
  | { do: 'knock' | 'read'; access: AccessToken }
  /** Of a connection that stays open: its handshake, a message and its answer, or that it is still open or was closed. */
  | { do: 'hold'; as: ConnectionKind; access: AccessToken }
  | { do: 'sign out'; session: string }
  | { do: 'end a device'; access: AccessToken; target: string }
  | { do: PersonalAct; access: AccessToken }
  | { do: OperatorAct }
  | { do: 'end a session'; session: string }
  | { do: 'deny a token'; session: string; jti: string }
  | { do: 'withdraw a key'; kid: string }
  | { do: 'sign out everyone' }
  | { do: ApplicationAct; application: ApplicationId };

/** What a person does to all devices, or all others. */
export type PersonalAct = 'end the others' | 'sign out everywhere' | 'change the password' | 'delete the account';
/** What an operator does to a person. */
export type OperatorAct = 'suspend' | 'let in again' | 'give roles' | 'sign out a person';
/** What an operator does to all who are signed in to an application. */
export type ApplicationAct = 'sign out the application' | 'disable the application' | 'enable the application';

export type ConnectionKind = 'socket' | 'events';

export interface Answer {
  status: number;
  /** Of the problem document; null for a success. */
  code: string | null;
}

/** Whom a call concerns that concerns everybody. */
export const EVERYBODY = 0;

export interface Call {
  /** Who asked, or whom an operator's act is about; EVERYBODY for what is done to all. */
  person: number;
  /** Which instance was asked, or which follower, counted on from them; null for an operator at the database. */
  instance: number | null;
  act: Act;
  sentAt: Moment;
  /** Also when a call was given up. */
  answeredAt: Moment;
  /** Null when none came: what the call did is not known. */
  answer: Answer | null;
  /** What the answer brought. */
  access?: AccessToken;
  refresh?: RefreshToken;
  /** Asked once everything was healed: it has to be answered. */
  last?: true;
  /** Of a connection, from its opening on, that ended without a word of why: how it ended. */
  lost?: string;
}

/** The database went back to an older state of itself: a backup, or a standby that lagged behind. */
export interface Rollback {
  /** What was committed after it is lost. */
  cutAt: Moment;
  /** When the older state began to answer. */
  answersAt: Moment;
  /** When every instance had put back what it knew. */
  knownAt: Moment;
}

/** Something that was done to the fleet; for whoever reads a history. */
export interface Fault {
  name: string;
  from: Moment;
  to: Moment;
}

/** All that was asked and answered, in the order of the answers. */
export interface History {
  calls: Call[];
  rollbacks: Rollback[];
  faults: Fault[];
}

export function newHistory(): History {
  return { calls: [], rollbacks: [], faults: [] };
}
