import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Node counts a connection as idle once its answer was handed over, though its client may still be reading, and closes it
 * in the middle of that when the server closes. Such a one is left alone: it goes when it has been read, by
 * `keepAliveTimeout`, or when all are cut off.
 */
export function spareUnreadAnswers(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const unread = [...open].filter(({ writableLength }) => writableLength > 0);
    // Which connections are idle only Node knows: a request may have begun to arrive. So what it does to them is stayed.
    for (const socket of unread) socket.destroy = () => socket;
    closeIdle();
    for (const socket of unread) delete (socket as Partial<Socket>).destroy;
  };
}
