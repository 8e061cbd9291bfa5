import { checked } from '../common/checked.js';
import { displayName } from '../common/display-name.js';
import type { RequestSource } from '../common/request-source.js';

/** What somebody does to what is not their own: an operator to an account, a session, an application. */
export interface Act {
  /** Who does it: `user:<id>`, `operator:<name>`, `application:<id>`, `system`. */
  actor: string;
  /** Why: one line of 1 to 500 characters, for the audit. */
  reason: string;
  /** From where, if by a request. */
  source?: RequestSource | null;
}

/** One line, as it is shown in lists and terminals: nothing in it may break the line or turn its direction. */
export const Reason = displayName(500).describe('Why, in one line. The audit keeps it; the person does not see it.');

/** The act with its reason as it is kept. Throws `validation_failed` when it has none, or one that is no line of text. */
export function justified(act: Act): Act {
  return { ...act, reason: checked(Reason, act.reason, '/reason') };
}
