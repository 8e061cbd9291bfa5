import { randomUUID } from 'node:crypto';
import type { AccessToken, ApplicationAct, OperatorAct, PersonalAct, RefreshToken } from './history.js';
import type { Request } from './http.js';
import type { ApplicationId } from './settings.js';

/** An app that keeps its tokens itself, or one of two who keep the refresh token in a cookie. */
export type DeviceKind = 'native' | 'script' | 'browser';

/** What operators have to give. */
const reason = 'a test';

export function registration(email: string, password: string): Request {
  return { method: 'POST', path: '/v1/auth/register', body: { email, password, delivery: 'body' } };
}

export function signIn(
  kind: DeviceKind,
  email: string,
  password: string,
  applicationId: ApplicationId = 'account',
): Request {
  const body = { email, password, applicationId, delivery: kind === 'native' ? 'body' : 'cookie' };
  return { method: 'POST', path: '/v1/auth/login', body, ...senderOf(kind) };
}

export function refresh(kind: DeviceKind, applicationId: ApplicationId, { text }: RefreshToken): Request {
  const request = { method: 'POST', path: '/v1/auth/refresh', ...senderOf(kind) };
  return kind === 'native'
    ? { ...request, body: { refreshToken: text, applicationId } }
    : { ...request, body: {}, cookie: text };
}

export function signOut(kind: DeviceKind, applicationId: ApplicationId, by: AccessToken | RefreshToken): Request {
  const request = { method: 'POST', path: '/v1/auth/logout' };
  if (!('generation' in by)) return { ...request, bearer: by.text };
  if (kind === 'native') return { ...request, body: { refreshToken: by.text, applicationId } };
  return { ...request, cookie: by.text, ...senderOf(kind) };
}

export function personal(act: PersonalAct, currentPassword: string, newPassword: string): Request {
  const body = { currentPassword, newPassword };
  const requests: Record<PersonalAct, Request> = {
    'end the others': { method: 'DELETE', path: '/v1/sessions?except=current' },
    'sign out everywhere': { method: 'POST', path: '/v1/auth/logout-all' },
    'change the password': { method: 'POST', path: '/v1/auth/password', body },
    'delete the account': { method: 'DELETE', path: '/v1/users/me' },
  };
  return requests[act];
}

/** Below `/v1/admin`. */
export function operators(act: OperatorAct, userId: string): Request {
  const patch = (body: object) => ({ method: 'PATCH', path: `/users/${userId}`, body: { ...body, reason } });
  const requests: Record<OperatorAct, Request> = {
    suspend: patch({ status: 'suspended' }),
    'let in again': patch({ status: 'active' }),
    'give roles': patch({ roles: ['editor', `of-${randomUUID().slice(0, 8)}`] }),
    'sign out a person': { method: 'DELETE', path: `/users/${userId}/sessions?reason=test` },
  };
  return requests[act];
}

/** What the guard says and nothing else: where one is refused without a parameter, or answered at once. */
export function knock({ application, text: bearer }: AccessToken): Request {
  if (application === 'account') return { method: 'DELETE', path: '/v1/sessions', bearer };
  return { method: 'GET', path: `/v1/auth/check?application=${application}`, bearer };
}

export function read({ application, text: bearer }: AccessToken): Request {
  return { method: 'GET', path: application === 'account' ? '/v1/users/me' : '/v1/sessions/current', bearer };
}

/** Below `/v1/admin`. */
export function ofApplication(act: ApplicationAct, application: ApplicationId): Request {
  if (act === 'sign out the application') return revocation('application', application);
  const last = act === 'disable the application' ? 'disable' : 'enable';
  return { method: 'POST', path: `/applications/${application}/${last}`, body: { reason } };
}

/** Below `/v1/admin`; without a subject, of everyone. */
export function revocation(kind: 'token' | 'session' | 'application' | 'everyone', subject?: string): Request {
  return { method: 'POST', path: '/revocations', body: { kind, ...(subject && { subject }), reason } };
}

/** Below `/v1/admin`. */
export function withdrawal(kid: string): Request {
  return { method: 'POST', path: `/keys/${kid}/withdraw`, body: { reason } };
}

function senderOf(kind: DeviceKind): Pick<Request, 'from'> {
  return kind === 'native' ? {} : { from: kind };
}
