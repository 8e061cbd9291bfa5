import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentPrincipal, RequireRecentAuth, Roles } from '../../src/common/access.js';
import { ApiRoute } from '../../src/common/http/api-route.js';
import type { Principal } from '../../src/common/principal.js';
import { NoteListResponse, NoteResponse, SetNoteLimit, WriteNote } from './notes.dto.js';
import { NotesService } from './notes.service.js';

@ApiTags('Notes')
@Controller('v1/notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Get()
  @ApiRoute({ summary: 'Your notes, the oldest first.', answers: NoteListResponse })
  async list(@CurrentPrincipal() { userId }: Principal) {
    return { items: await this.notes.list(userId) };
  }

  @Post()
  @ApiRoute({ summary: 'Writes a note.', answers: NoteResponse, problems: ['forbidden'] })
  write(@CurrentPrincipal() principal: Principal, @Body({ schema: WriteNote }) body: WriteNote) {
    return this.notes.write(principal, body.text);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiRoute({ summary: 'Deletes one of your notes.' })
  delete(@CurrentPrincipal() { userId }: Principal, @Param('id', { schema: z.uuid() }) id: string) {
    return this.notes.delete(userId, id);
  }

  @Roles('librarian')
  @RequireRecentAuth('15m')
  @Put('limits/:userId')
  @HttpCode(204)
  @ApiRoute({ summary: 'Says how many notes somebody may keep.' })
  setLimit(@Param('userId', { schema: z.uuid() }) userId: string, @Body({ schema: SetNoteLimit }) body: SetNoteLimit) {
    return this.notes.setLimit(userId, body.most);
  }
}
