import type { WsMessageHandler } from '@nestjs/common';
import { fromEvent, takeUntil, type Observable } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import { parseJson } from '../../common/http/json-body.js';
import { AppError } from '../../common/errors/app-error.js';
import { connectionOf, type LiveConnections } from './live-connections.js';
import { sendProblem } from './problem-messages.filter.js';

/** Messages of one client that are worked on at the same time. Past it the rest waits in the network, as does the client. */
const MOST_AT_ONCE = 16;

/** What a client says to go on with a fresh token of its session. Not for gateways. */
const RENEW = 'token.renew';

interface Message {
  event: string;
  data: unknown;
}

/** Hands each message to its handler, and answers with what that returns. One that nobody handles is passed over. */
export function handleMessages(
  client: WebSocket,
  handlers: WsMessageHandler[],
  transform: (result: unknown) => Observable<unknown>,
): void {
  const byName = new Map(handlers.map((handler) => [handler.message as string, handler]));
  const closed = fromEvent(client, 'close');
  onMessage(client, async ({ event, data }) => {
    const handler = byName.get(event);
    if (!handler) return;
    // What it threw, Nest has given to the filter.
    const result: unknown = await handler.callback(data, event);
    transform(Promise.resolve(result))
      .pipe(takeUntil(closed))
      .subscribe({
        next: (answer) => answer != null && client.send(JSON.stringify(answer)),
        error: (error: unknown) => sendProblem(client, error, event),
      });
  });
}

/** Once for each connection, whatever gateways it has. */
export function handleRenewals(client: WebSocket, connections: LiveConnections): void {
  onMessage(client, async ({ event, data }) => {
    const connection = connectionOf(client);
    if (event !== RENEW || !connection) return;
    const { accessToken } = (data ?? {}) as { accessToken?: unknown };
    if (typeof accessToken !== 'string' || connection.token === null)
      throw new AppError('validation_failed', { errors: [{ pointer: '/data/accessToken', detail: 'Required.' }] });
    const renewed = await connections.renew(client, connection, accessToken);
    if (renewed) client.send(JSON.stringify({ event: 'token.renewed', data: renewed }));
  });
}

function onMessage(client: WebSocket, handle: (message: Message) => Promise<void>): void {
  let running = 0;
  client.on('message', async (bytes, isBinary) => {
    // After a close was sent, nothing of what still arrives is done.
    if (client.readyState !== client.OPEN) return;
    running += 1;
    if (running === MOST_AT_ONCE) client.pause();
    const message = read(bytes, isBinary);
    try {
      if (message) await handle(message);
    } catch (error) {
      sendProblem(client, error, message?.event ?? null);
    } finally {
      running -= 1;
      if (running === MOST_AT_ONCE - 1) client.resume();
    }
  });
}

/** Null for what is no message at all: `{"event": "…", "data": …}` in JSON, by the rules of a request's body. */
function read(bytes: RawData, isBinary: boolean): Message | null {
  if (isBinary || !Buffer.isBuffer(bytes)) return null;
  try {
    const value = parseJson(bytes) as Partial<Message> | null | undefined;
    return typeof value?.event === 'string' ? { event: value.event, data: value.data } : null;
  } catch {
    return null;
  }
}
