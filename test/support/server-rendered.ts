import {
  Body,
  Catch,
  Controller,
  Get,
  Header,
  HttpCode,
  Module,
  Post,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CurrentPrincipal, Public } from '../../src/common/access.js';
import { AppError } from '../../src/common/errors/app-error.js';
import { errorEntry } from '../../src/common/errors/error-catalogue.js';
import type { Principal } from '../../src/common/principal.js';
import { html } from '../../src/pages/html.js';

const HTML = ['content-type', 'text/html; charset=utf-8'] as const;
const Note = z.strictObject({ text: z.string().min(1).max(200) });

/** A person follows a link or types an address: instead of a 401 they get the page that refreshes, or signs them in. */
@Catch(AppError)
class RefreshFirst implements ExceptionFilter {
  catch(error: AppError, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
    if (!isPage || error.status !== 401 || !errorEntry(error.code).action) throw error;
    void reply
      .code(303)
      .header('location', `/desk/enter?next=${encodeURIComponent(request.url)}`)
      .send();
  }
}

/** Pages that this very service renders, for somebody it knows by the cookie of the access token. */
@UseFilters(RefreshFirst)
@Controller('desk')
class DeskController {
  private readonly notes = new Map<string, string[]>();

  @Get()
  @Header(...HTML)
  show(@CurrentPrincipal() principal: Principal): string {
    const items = (this.notes.get(principal.userId) ?? []).map((note) => html`<li>${note}</li>`);
    return html`<!doctype html>
      <title>Desk</title>
      <p id="who">${principal.userId}</p>
      <ul>
        ${items}
      </ul>
      <form action="/desk/notes"><input name="text" /><button>Keep</button></form>
      <script type="module" src="/desk/page.js"></script>`.text;
  }

  @Post('notes')
  @HttpCode(204)
  keep(@CurrentPrincipal() principal: Principal, @Body({ schema: Note }) { text }: z.infer<typeof Note>): void {
    this.notes.set(principal.userId, [...(this.notes.get(principal.userId) ?? []), text]);
  }

  @Public()
  @Get('enter')
  @Header(...HTML)
  enter(): string {
    return html`<!doctype html>
      <title>One moment</title>
      <script type="module" src="/desk/enter.js"></script>`.text;
  }

  @Public()
  @Get('page.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  pageScript(): string {
    return PAGE_SCRIPT;
  }

  @Public()
  @Get('enter.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  enterScript(): string {
    return ENTER_SCRIPT;
  }
}

/** Sends the form as JSON, with what only a page of this host can read. */
const PAGE_SCRIPT = `
const csrf = () => /(?:^|; )portcullis-csrf-account=([^;]*)/.exec(document.cookie)?.[1] ?? '';
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf() };
  const answer = await fetch(event.target.action, { method: 'POST', headers, body });
  if (answer.ok) location.reload();
  else if ((await answer.json()).action) location.assign('/desk/enter?next=/desk');
});
`;

/** Refreshes once. A path of this host only: an address from elsewhere must not be followed. */
const ENTER_SCRIPT = `
const next = new URLSearchParams(location.search).get('next') ?? '/desk';
const headers = { 'content-type': 'application/json' };
const answer = await fetch('/v1/auth/refresh', { method: 'POST', headers, body: '{"accessCookie":true}' });
location.replace(answer.ok && /^\\/desk(?![^/?])/.test(next) ? next : '/account');
`;

@Module({ controllers: [DeskController] })
export class ServerRenderedModule {}
