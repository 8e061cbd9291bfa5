/** Milliseconds of the monotonic clock of the process that asks. */
export type Moment = number;

/** A token as whoever holds it knows it: nothing that only the service could tell. */
export interface AccessToken {
  session: string;
  text: string;
  /** Of the call that brought it. */
  requestedAt: Moment;
  receivedAt: Moment;
}

export interface RefreshToken {
  session: string;
  generation: number;
  text: string;
}

/** What is asked of the service. `knock`: what the guard says, of a route that needs nothing else, the database least of all. */
export type Act =
  | { do: 'register' | 'sign in' }
  /** `replay`: of a token that was replaced long ago, as a thief would. */
  | { do: 'refresh' | 'replay'; refresh: RefreshToken }
  | { do: 'knock' | 'read'; access: AccessToken }
  | { do: 'sign out'; session: string }
  | { do: 'end a device'; access: AccessToken; target: string }
  | { do: PersonalAct; access: AccessToken }
  | { do: OperatorAct };

/** What a person does to all devices, or all others. */
export type PersonalAct = 'end the others' | 'sign out everywhere' | 'change the password' | 'delete the account';
/** What an operator does to a person. */
export type OperatorAct = 'suspend' | 'let in again' | 'give roles';

export interface Answer {
  status: number;
  /** Of the problem document; null for a success. */
  code: string | null;
}

export interface Call {
  person: number;
  /** Which instance was asked; null for an operator at the database. */
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
