export { createClient, type Client, type ClientOptions, type RequestOptions, type SignInOptions } from './client.js';
export type { ClientEvents, EndKind, Ending } from './client-events.js';
export { NetworkError, PortcullisError, type ErrorAction, type FieldError, type Problem } from './errors.js';
export type { Environment } from './environment.js';
export type { SessionEnds, SessionInfo, SessionState, SignedOutReason, User } from './session-state.js';
