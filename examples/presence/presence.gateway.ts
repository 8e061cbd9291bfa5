import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { CurrentPrincipal, Passive, Roles } from '../../src/common/access.js';
import type { Principal } from '../../src/common/principal.js';

const Announcement = z.strictObject({ text: z.string().min(1).max(200) });

/** Who is there, for everyone who is. */
@WebSocketGateway({ path: '/v1/presence' })
export class PresenceGateway {
  private readonly present = new Set<WebSocket>();

  handleConnection(client: WebSocket): void {
    this.present.add(client);
    this.tell('present', this.people());
  }

  handleDisconnect(client: WebSocket): void {
    this.present.delete(client);
    this.tell('present', this.people());
  }

  /** Asked by a page by itself, which is no use of the session. */
  @Passive()
  @SubscribeMessage('who')
  who() {
    return { event: 'present', data: this.people() };
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() client: WebSocket): void {
    client.close();
  }

  @Roles('librarian')
  @SubscribeMessage('announce')
  announce(
    @MessageBody({ schema: Announcement }) { text }: z.infer<typeof Announcement>,
    @CurrentPrincipal() { userId }: Principal,
  ): void {
    this.tell('announcement', { text, by: userId });
  }

  private people(): string[] {
    return [...new Set([...this.present].map(({ principal }) => principal!.userId))];
  }

  private tell(event: string, data: unknown): void {
    for (const client of this.present) client.send(JSON.stringify({ event, data }));
  }
}
