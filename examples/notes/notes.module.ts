import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClaimsProviders } from '../../src/tokens/claims-providers.js';
import { TokensModule } from '../../src/tokens/tokens.module.js';
import { AccountEvents } from '../../src/users/account-events.js';
import { UsersModule } from '../../src/users/users.module.js';
import { NoteLimit } from './note-limit.entity.js';
import { Note } from './note.entity.js';
import { NotesController } from './notes.controller.js';
import { NotesRepository } from './notes.repository.js';
import { NotesService } from './notes.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Note, NoteLimit]), TokensModule, UsersModule],
  controllers: [NotesController],
  providers: [NotesRepository, NotesService],
})
export class NotesModule {
  constructor(notes: NotesService, claims: ClaimsProviders, events: AccountEvents) {
    claims.add(({ userId }) => notes.claimsOf(userId));
    events.on('userDeleted', (tx, { userId }) => notes.forget(tx, userId));
  }
}
