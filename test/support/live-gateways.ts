import { Controller, Module, Sse, type MessageEvent } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { interval, map, type Observable } from 'rxjs';
import type { WebSocket } from 'ws';
import {
  AnyApplication,
  CheckDatabase,
  CurrentPrincipal,
  Passive,
  Public,
  RequireRecentAuth,
  Roles,
} from '../../src/common/access.js';
import { AppError } from '../../src/common/errors/app-error.js';
import type { Principal } from '../../src/common/principal.js';

/** Nothing in it says that it is private. */
@WebSocketGateway({ path: '/live/plain' })
class PlainGateway {
  handleConnection(client: WebSocket): void {
    client.send(JSON.stringify({ event: 'hello', data: client.principal!.sessionId }));
  }

  @SubscribeMessage('who')
  who(@CurrentPrincipal() { userId, sessionId, roles }: Principal) {
    return { event: 'you', data: { userId, sessionId, roles } };
  }

  @Passive()
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }

  @Roles('editor')
  @SubscribeMessage('edit')
  edit() {
    return { event: 'edited', data: null };
  }

  @RequireRecentAuth('10m')
  @SubscribeMessage('sensitive')
  sensitive() {
    return { event: 'done', data: null };
  }

  @SubscribeMessage('refuse')
  refuse() {
    throw new AppError('not_found', { detail: 'There is no such thing.' });
  }

  @SubscribeMessage('break')
  break() {
    throw new Error('a secret of the implementation');
  }

  @SubscribeMessage('ticks')
  ticks(): Observable<object> {
    return interval(5).pipe(map((data) => ({ event: 'tick', data })));
  }

  @SubscribeMessage('flood')
  flood(@ConnectedSocket() client: WebSocket) {
    const text = JSON.stringify({ event: 'flood', data: 'x'.repeat(64 * 1024) });
    const more = () => client.readyState === client.OPEN && setImmediate(() => (client.send(text), more()));
    more();
  }
}

@Roles('editor')
@WebSocketGateway({ path: '/live/editors' })
class EditorsGateway {}

@RequireRecentAuth('10m')
@WebSocketGateway({ path: '/live/recent' })
class RecentGateway {}

@CheckDatabase()
@WebSocketGateway({ path: '/live/checked' })
class CheckedGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }
}

@AnyApplication()
@WebSocketGateway({ path: '/live/any' })
class AnyGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }
}

@Public()
@WebSocketGateway({ path: '/live/open' })
class OpenGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }

  @Roles('editor')
  @SubscribeMessage('edit')
  edit() {
    return { event: 'edited', data: null };
  }
}

@Controller('streams')
class StreamsController {
  @Sse('ticks')
  ticks(): Observable<MessageEvent> {
    return interval(20).pipe(map((data) => ({ type: 'tick', data: { data } })));
  }

  @Public()
  @Sse('open')
  open(): Observable<MessageEvent> {
    return interval(20).pipe(map((data) => ({ type: 'tick', data: { data } })));
  }
}

@Module({
  controllers: [StreamsController],
  providers: [PlainGateway, EditorsGateway, RecentGateway, CheckedGateway, AnyGateway, OpenGateway],
})
export class LiveGatewaysModule {}
