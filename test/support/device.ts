import { randomUUID } from 'node:crypto';
import type { TokenResponse } from '../../src/auth/auth.dto.js';
import { PUBLIC_URL, type Service } from './service.js';

export const PASSWORD = 'analytical engine 1843';

/** An answer, read whole. `code` is the problem document's, null for a success. */
export interface Answer<Body = any> {
  status: number;
  code: string | null;
  headers: Headers;
  body: Body;
}

export interface RequestOptions {
  method?: string;
  body?: unknown;
  token?: string | null;
  headers?: Record<string, string>;
}

export async function send(service: Pick<Service, 'url'>, path: string, options: RequestOptions = {}): Promise<Answer> {
  const { body, token, headers } = options;
  const response = await fetch(service.url + path, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text ? JSON.parse(text) : null;
  return { status: response.status, code: parsed?.code ?? null, headers: response.headers, body: parsed };
}

export function newEmail(): string {
  return `ada-${randomUUID()}@example.com`;
}

/** A person's device as a native app is one: it keeps what the service last gave it. */
export class Device {
  accessToken = '';
  refreshToken = '';
  sessionId = '';
  userId = '';
  /** The application that it is signed in to. */
  applicationId = 'account';

  constructor(
    readonly service: Service,
    readonly email: string,
    public password: string = PASSWORD,
  ) {}

  /** A new account's first device. */
  static async register(service: Service, options: Record<string, unknown> = {}): Promise<Device> {
    const device = new Device(service, newEmail());
    device.applicationId = String(options['applicationId'] ?? 'account');
    const { email, password } = device;
    const answer = await send(service, '/v1/auth/register', {
      body: { email, password, delivery: 'body', ...options },
    });
    if (answer.status !== 201) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
    return device.keep(answer.body);
  }

  /** Another device of the same person, signed in. */
  async another(options: Record<string, unknown> = {}, service = this.service): Promise<Device> {
    const device = new Device(service, this.email, this.password);
    const answer = await device.login(options);
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
    return device;
  }

  async login(options: Record<string, unknown> = {}): Promise<Answer> {
    const { email, password } = this;
    this.applicationId = String(options['applicationId'] ?? 'account');
    return this.keeping(
      this.send('/v1/auth/login', { body: { email, password, delivery: 'body', ...options }, token: null }),
    );
  }

  /** Refreshes with `token` (the one it has, when left out) and keeps what comes. */
  async refresh(token = this.refreshToken, service = this.service): Promise<Answer> {
    const { applicationId } = this;
    return this.keeping(send(service, '/v1/auth/refresh', { body: { refreshToken: token, applicationId } }));
  }

  /** Any request with the access token it has. */
  send(path: string, options: RequestOptions = {}, service = this.service): Promise<Answer> {
    return send(service, path, { token: this.accessToken, ...options });
  }

  /** What a protected route says to the access token it has: null when it is accepted, else the code. */
  async access(service = this.service): Promise<string | null> {
    return (await this.send('/v1/users/me', {}, service)).code;
  }

  async keeping(pending: Promise<Answer>): Promise<Answer> {
    const answer = await pending;
    if (answer.body?.accessToken) this.keep(answer.body);
    return answer;
  }

  private keep(tokens: TokenResponse): this {
    this.accessToken = tokens.accessToken;
    this.refreshToken = tokens.refreshToken ?? this.refreshToken;
    this.sessionId = tokens.session.id;
    this.userId = tokens.user.id;
    return this;
  }
}

/** What a browser sends with a request from a page of the service itself. */
export const FROM_OWN_PAGE = { origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' };
