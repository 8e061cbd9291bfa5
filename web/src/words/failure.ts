import { duration } from './times.js';

/** What went wrong, as far as the words need it: a `PortcullisError`, or anything else that was thrown. */
interface Problem {
  code?: unknown;
  status?: unknown;
  detail?: unknown;
  errors?: unknown;
  retryAfter?: unknown;
  /** The whole document. */
  problem?: { serviceUrl?: unknown };
}

/** Sentences for a form: beside the fields they are about, and one for all else. */
export interface Failure {
  fields: Record<string, string>;
  message: string | null;
  /** Where the service is, when this page was opened at another address: there it would work. */
  serviceUrl?: string;
}

/** For who is signed in and proves it: no address was typed that could be wrong. */
export const WRONG_PASSWORD = 'This is not your password. Type it once more.';

const UNREACHABLE = 'We could not reach the service. Check your connection and try again.';
const UNREADABLE = 'The service gave an answer we could not read. Wait a moment and try again.';

/** Codes whose own sentence is about the API rather than about what a person can do. */
const SENTENCES: Record<string, string> = {
  credentials_invalid: 'The e-mail address or the password is wrong. Check both and try again.',
  email_taken: 'There is already an account with this address. Sign in, or use another address.',
  account_suspended: 'This account is suspended. Ask the administrator of this service.',
  application_disabled: 'Signing in is switched off at the moment. Ask the administrator of this service.',
  cross_site_refused: 'This page was opened in an unusual way. Open it in a tab of its own and try again.',
  credentials_ambiguous: 'Someone else has signed in in another tab. Load this page again.',
  session_ended: 'You have been signed out. Sign in again.',
  internal_error: 'Something went wrong on our side. Wait a moment and try again.',
  unexpected_answer: UNREADABLE,
  method_not_allowed: UNREADABLE,
  unsupported_media_type: UNREADABLE,
  bad_request: UNREADABLE,
  payload_too_large: 'That is too long. Shorten it and try again.',
};

/** Where a form tells of an error code: beside which of its fields, and in which words when it has better ones. */
export type FailurePlaces = Readonly<Record<string, { field: string; sentence?: string }>>;

export function describeFailure(error: unknown, places: FailurePlaces = {}): Failure {
  const problem = (typeof error === 'object' && error !== null ? error : {}) as Problem;
  const code = typeof problem.code === 'string' ? problem.code : null;
  if (error instanceof Error && error.name === 'NetworkError') return { fields: {}, message: UNREACHABLE };
  if (code === 'validation_failed') return validationFailure(problem);
  const serviceUrl = code === 'cross_site_refused' ? problem.problem?.serviceUrl : undefined;
  if (typeof serviceUrl === 'string') return { fields: {}, message: openedElsewhere(serviceUrl), serviceUrl };
  const message = sentenceOf(code, problem);
  const place = code === null ? undefined : places[code];
  if (!place) return { fields: {}, message };
  return { fields: { [place.field]: place.sentence ?? message }, message: null };
}

/** The one sentence for a place without fields. */
export function failureSentence(error: unknown): string {
  const { fields, message } = describeFailure(error);
  return message ?? Object.values(fields)[0] ?? UNREADABLE;
}

/** The second sentence is for who has just set the service up. */
function openedElsewhere(serviceUrl: string): string {
  return `This page works only at ${serviceUrl}. Open it there. If you run this service and that is not its address, correct PUBLIC_URL.`;
}

function sentenceOf(code: string | null, { status, detail, retryAfter }: Problem): string {
  const wait = typeof retryAfter === 'number' && retryAfter > 0 ? duration(retryAfter) : null;
  if (status === 429) return `That was too often. ${tryAgain(wait)}`;
  if (status === 502 || status === 503 || status === 504) return `The service is busy right now. ${tryAgain(wait)}`;
  if (code !== null && Object.hasOwn(SENTENCES, code)) return SENTENCES[code]!;
  if (code !== null && typeof detail === 'string' && detail !== '') return detail;
  return UNREADABLE;
}

function tryAgain(wait: string | null): string {
  return wait === null ? 'Try again in a moment.' : `Try again in ${wait}.`;
}

/** Each detail beside the field its JSON pointer names (RFC 6901); what names none goes above the form. */
function validationFailure({ errors, detail }: Problem): Failure {
  const fields: Record<string, string> = {};
  for (const entry of Array.isArray(errors) ? errors : []) {
    const { pointer, detail: sentence } = entry as { pointer?: unknown; detail?: unknown };
    const name = typeof pointer === 'string' ? pointer.split('/')[1] : undefined;
    if (name !== undefined && name !== '' && typeof sentence === 'string') fields[name] ??= sentence;
  }
  if (Object.keys(fields).length > 0) return { fields, message: null };
  return { fields, message: typeof detail === 'string' ? detail : UNREADABLE };
}
