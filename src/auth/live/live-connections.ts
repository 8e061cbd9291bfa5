import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { WebSocket } from 'ws';
import { ALWAYS_CHECKED } from '../../common/access.js';
import { AppError } from '../../common/errors/app-error.js';
import { errorEntry, type ErrorCode } from '../../common/errors/error-catalogue.js';
import { Config } from '../../config.js';
import { RevocationSync } from '../../revocation/revocation-sync.js';
import { AccessTokenVerification } from '../../tokens/access-token-verification.js';
import { LiveTokens } from '../../tokens/live-tokens.js';

/** Bytes that wait for a client to read them. One that lets more pile up does not read, and is cut off. */
const MOST_UNREAD = 1024 * 1024;

const FRESHNESS_CHECK_MS = 1_000;

/** Also keeps proxies from closing a silent connection. Who answers none before the next one is gone. Milliseconds. */
const PING_MS = 25_000;

/** A connection of a WebSocket that a gateway took in. */
export interface LiveConnection {
  readonly requestId: string;
  readonly publicUrl: string;
  /** The token that holds it open; null where the gateway is public and none was shown. */
  token: string | null;
  sessionId: string | null;
  /** Seconds for which the deny-list may be unconfirmed; null: as configured. */
  readonly staleness: number | null;
  heard: boolean;
  stopWatching: () => void;
}

/** Looked up by what has only the socket in its hands: filters, message handlers. */
const known = new WeakMap<WebSocket, LiveConnection>();

export function connectionOf(client: WebSocket): LiveConnection | null {
  return known.get(client) ?? null;
}

/**
 * The WebSockets of this instance. Each is held open by an access token: it closes as soon as that is no longer
 * accepted, whichever instance took it back, and does not outlive it unless it is shown a fresh one of the same session.
 */
@Injectable()
export class LiveConnections {
  private readonly logger = new Logger(LiveConnections.name);
  private readonly open = new Map<WebSocket, LiveConnection>();

  constructor(
    private readonly config: Config,
    private readonly sync: RevocationSync,
    private readonly verification: AccessTokenVerification,
    private readonly liveTokens: LiveTokens,
  ) {}

  /**
   * Takes in a connection whose handshake was admitted, with the token that it showed if any. Closes it instead, and says
   * false, when that is not accepted any more: it may have run out since.
   */
  add(client: WebSocket, requestId: string, token: string | null, staleness: number | null): boolean {
    const connection: LiveConnection = {
      requestId,
      publicUrl: this.config.publicUrl,
      token: null,
      sessionId: null,
      staleness,
      heard: true,
      stopWatching: () => undefined,
    };
    known.set(client, connection);
    this.open.set(client, connection);
    client.on('pong', () => (connection.heard = true));
    client.on('close', () => {
      connection.stopWatching();
      this.open.delete(client);
    });
    client.on('error', () => undefined);
    boundUnread(client, () => this.logger.warn({ message: 'A client does not read; it was cut off.', requestId }));
    try {
      if (token !== null) this.holdBy(client, connection, token);
      return true;
    } catch (error) {
      closeWith(client, error instanceof AppError ? error.code : 'internal_error');
      return false;
    }
  }

  /**
   * A fresh token of the same session takes the place of the older one. Null when the client has gone meanwhile; throws
   * why the token is not accepted.
   */
  async renew(client: WebSocket, connection: LiveConnection, token: string): Promise<{ expiresAt: string } | null> {
    await this.verification.findKey(token);
    // What is watched over from now on, nothing would end.
    if (!this.open.has(client)) return null;
    const { principal } = this.verification.authenticate(token);
    if (principal.sessionId !== connection.sessionId)
      throw new AppError('credentials_ambiguous', {
        detail: 'The token is of another session. Open a new connection.',
      });
    this.holdBy(client, connection, token);
    return { expiresAt: new Date(Number(principal.claims['exp']) * 1000).toISOString() };
  }

  /** Without a deny-list that can be trusted nobody is heard and nobody is told anything: never 200, never 401. */
  @Interval(FRESHNESS_CHECK_MS)
  async closeStale(): Promise<void> {
    // Each message of a gateway with @CheckDatabase() waits for a look of its own. What is only open is no call.
    const allowed = ({ staleness }: LiveConnection) => (staleness === ALWAYS_CHECKED ? null : staleness);
    const stale = () =>
      [...this.open].filter(
        ([, connection]) => connection.token !== null && !this.sync.isFresh(undefined, allowed(connection)),
      );
    if (stale().length === 0) return;
    await this.sync.awaitFresh().catch(() => undefined);
    for (const [client] of stale()) closeWith(client, 'revocation_unavailable');
  }

  @Interval(PING_MS)
  pingAll(): void {
    for (const [client, connection] of this.open) {
      if (!connection.heard) client.terminate();
      else if (client.readyState === client.OPEN) client.ping();
      connection.heard = false;
    }
  }

  private holdBy(client: WebSocket, connection: LiveConnection, token: string): void {
    const stop = this.liveTokens.watch(token, (code) => closeWith(client, code));
    connection.stopWatching();
    const { principal } = this.verification.authenticate(token);
    Object.assign(connection, { token, sessionId: principal.sessionId, stopWatching: stop });
    client.principal = principal;
  }
}

/** 4000 and the status that a request would get (RFC 6455 §7.4.2 leaves these to applications); the code is the reason. */
export function closeWith(client: WebSocket, code: ErrorCode): void {
  client.close(4000 + errorEntry(code).status, code);
}

/** What is written faster than it is read would fill the memory of the instance, whoever writes it. */
function boundUnread(client: WebSocket, onCut: () => void): void {
  const send = client.send.bind(client) as (...given: unknown[]) => void;
  client.send = (...given: unknown[]) => {
    if (client.bufferedAmount <= MOST_UNREAD) return send(...given);
    if (client.readyState === client.OPEN) onCut();
    client.terminate();
  };
}
