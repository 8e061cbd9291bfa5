import { WebSocket } from 'ws';
import type { AccessToken, Answer, ConnectionKind } from './history.js';

/** How long a handshake, or the answer to a message, is waited for, in milliseconds: longer than any fault lasts. */
const PATIENCE = 10_000;

/** How a connection that was open ended: with a word of why, or how else. */
export type Ending = { answer: Answer } | { lost: string };

/** What somebody holds open at one instance. */
export interface Connection {
  as: ConnectionKind;
  access: AccessToken;
  instance: number;
  /** Of the connection as a whole; what it ended with. */
  ended: Promise<Ending>;
  isOpen(): boolean;
  /** Asks something of it; null when no answer came, as an event stream takes no questions. */
  ask(): Promise<Answer | null>;
  close(): void;
}

type Place = Pick<Connection, 'access' | 'instance'> & { url: string };

/** The connection, or the answer to a handshake that was refused; null when none came. */
export function connect(as: ConnectionKind, place: Place): Promise<Connection | Answer | null> {
  return as === 'socket' ? openSocket(place) : openEvents(place);
}

const OK: Answer = { status: 200, code: null };

/** What a request with this refusal would get. */
export function refusal(code: string): Answer {
  if (code.endsWith('unavailable')) return { status: 503, code };
  return { status: code === 'account_suspended' || code === 'application_disabled' ? 403 : 401, code };
}

async function openSocket({ url, access, instance }: Place): Promise<Connection | Answer | null> {
  const headers = { authorization: `Bearer ${access.text}` };
  const path = access.application === 'account' ? '/live/plain' : '/live/any';
  const socket = new WebSocket(url.replace('http', 'ws') + path, { headers, handshakeTimeout: PATIENCE });
  // A promise settles once; what comes after it has been heard already.
  const ended = new Promise<Ending>((resolve) => socket.on('close', (code, reason) => resolve(read(code, reason))));
  const opened = await new Promise<Answer | null>((resolve) => {
    socket.on('open', () => resolve(OK)).on('error', () => resolve(null));
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk)).on('error', () => resolve(null));
      response.on('end', () => resolve({ status: response.statusCode!, code: JSON.parse(text).code }));
    });
  });
  if (opened !== OK) return opened;
  const isOpen = () => socket.readyState === socket.OPEN;
  let asked = 0;
  return {
    as: 'socket',
    access,
    instance,
    ended,
    isOpen,
    ask: () => answerTo(socket, (asked += 1), ended),
    close: () => socket.terminate(),
  };
}

/** RFC 6455 7.4.2: what applications say begins at 4000; the service adds the status of a request. */
function read(code: number, reason: Buffer): Ending {
  return code >= 4000 ? { answer: { status: code - 4000, code: String(reason) } } : { lost: `closed with ${code}` };
}

/** Null when it was closed first, of which `ended` tells, or when nothing came for too long. */
async function answerTo(socket: WebSocket, question: number, ended: Promise<Ending>): Promise<Answer | null> {
  const answer = new Promise<Answer>((resolve) => {
    socket.on('message', function listen(bytes) {
      const { event, data } = JSON.parse(String(bytes));
      if (event === 'problem') resolve({ status: data.status, code: data.code });
      else if (event === 'echo' && data === question) resolve(OK);
      else return;
      socket.off('message', listen);
    });
  });
  socket.send(JSON.stringify({ event: 'echo', data: question }));
  return Promise.race([answer, ended.then(() => null), patience()]);
}

async function openEvents({ url, access, instance }: Place): Promise<Connection | Answer | null> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  const response = await fetch(`${url}/v1/sessions/current/events`, {
    headers: { authorization: `Bearer ${access.text}` },
    signal: stop.signal,
  }).catch(() => null);
  clearTimeout(timer);
  if (!response) return null;
  if (response.status !== 200)
    return { status: response.status, code: ((await response.json()) as { code: string }).code };
  let open = true;
  const ended = lastWordOf(response).finally(() => (open = false));
  return {
    as: 'events',
    access,
    instance,
    ended,
    isOpen: () => open,
    ask: async () => null,
    close: () => stop.abort(),
  };
}

async function lastWordOf(response: Response): Promise<Ending> {
  let text = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  } catch {
    // Broken off, as by an instance that was killed; what it had said counts.
  }
  const last = text.split('\n\n').findLast((block) => /^event: (ended|outdated)$/m.test(block)) ?? '';
  const told = /^data: (\{"code".*)$/m.exec(last);
  if (told) return { answer: refusal(JSON.parse(told[1]!).code) };
  return last ? { answer: refusal('token_outdated') } : { lost: 'the stream ended' };
}

function patience(): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE).unref());
}
