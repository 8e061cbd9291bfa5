import { Module } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { Public } from '../src/common/access.js';
import { startService } from './support/service.js';

@WebSocketGateway(4_001, { path: '/live/elsewhere' })
class GatewayOnAnotherPort {}

@WebSocketGateway()
class GatewayWithoutPath {}

@WebSocketGateway({ path: '/live/both' })
class PrivateGateway {}

@Public()
@WebSocketGateway({ path: '/live/both' })
class PublicGateway {}

@WebSocketGateway({ path: '/v1/users/me' })
class GatewayOfARoute {}

test.each([
  ['on a port of its own, which has no guard', [GatewayOnAnotherPort], 'must not name a port'],
  ['without a path', [GatewayWithoutPath], 'must name a path'],
  ['of a path that another one opens to everybody', [PrivateGateway, PublicGateway], 'the same of who may connect'],
  ['of a path that is a route', [GatewayOfARoute], 'already declared'],
])('a gateway %s keeps the service from starting', async (_, providers, message) => {
  class GatewaysModule {}
  Module({ providers })(GatewaysModule);
  await expect(startService({ extras: { imports: [GatewaysModule] } })).rejects.toThrow(message);
});
