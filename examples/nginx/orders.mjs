// An application that knows nothing of tokens: it believes what nginx says of who is asking, and listens to nobody else.
import { createServer } from 'node:http';

/** Listens on this port of loopback; resolves when it does. */
export function startOrders(port) {
  const server = createServer((request, response) => {
    const user = request.headers['x-portcullis-user'];
    const roles = request.headers['x-portcullis-roles']?.split(',') ?? [];
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ user, roles, orders: [] }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}
