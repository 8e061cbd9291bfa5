import { z } from 'zod';

export const WriteNote = z.strictObject({ text: z.string().trim().min(1).max(2_000) });
export type WriteNote = z.infer<typeof WriteNote>;

export const SetNoteLimit = z.strictObject({
  most: z.number().int().min(0).max(10_000).describe('How many notes the person may keep.'),
});
export type SetNoteLimit = z.infer<typeof SetNoteLimit>;

export const NoteResponse = z.object({ id: z.uuid(), text: z.string(), createdAt: z.iso.datetime() });
export type NoteResponse = z.infer<typeof NoteResponse>;

export const NoteListResponse = z.object({ items: z.array(NoteResponse) });
