import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { AppError } from '../../common/errors/app-error.js';
import { problemResponse, toAppError, type Problem } from '../../common/errors/problem.js';
import { connectionOf } from './live-connections.js';

const logger = new Logger('Gateway');

/** Answers whatever a message handler threw with the problem document that a request would get. */
@Catch()
export class ProblemMessagesFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    sendProblem(ws.getClient<WebSocket>(), thrown, ws.getPattern());
  }
}

/** `message`: the name of the message that it is the answer to. */
export function sendProblem(client: WebSocket, thrown: unknown, message: string | null): void {
  const connection = connectionOf(client);
  if (!connection) return;
  const error = thrown instanceof WsException ? new AppError('bad_request', { detail: thrown.message }) : thrown;
  const { publicUrl, requestId } = connection;
  const { body } = problemResponse(error, { publicUrl, requestId, tokenSent: connection.token !== null });
  logFault(error, body, message);
  client.send(JSON.stringify({ event: 'problem', data: { ...body, ...(message !== null && { message }) } }));
}

/** As for requests: faults of ours whole, what a client did wrong only in words written for the log. */
function logFault(error: unknown, { status, code, requestId }: Problem, message: string | null): void {
  const { options } = toAppError(error);
  const about = { code, requestId, gatewayMessage: message, reason: options.log };
  if (status >= 500) logger.error({ message: 'A message failed.', ...about, error: options.cause ?? error });
  else if (options.log) logger.log({ message: 'A message was refused.', ...about });
}
