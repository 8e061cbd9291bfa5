import { z } from 'zod';
import { CURSOR_PATTERN, readCursor } from './feed-cursor.js';

export const FeedQuery = z.strictObject({
  after: z
    .string()
    .regex(CURSOR_PATTERN, 'Write a cursor: epoch and seq, as <epoch>:<seq>.')
    .transform((text) => readCursor(text)!)
    .optional()
    .describe('A cursor: only what came after it. Without one, the whole list.'),
});

export type FeedQuery = z.output<typeof FeedQuery>;

const milliseconds = (meaning: string) => z.number().int().describe(`Milliseconds: ${meaning}`);

export const FeedItem = z.object({
  seq: z.number().int().describe('Its place in the log.'),
  kind: z.enum(['token', 'session', 'user', 'application', 'key']),
  subject: z.string().describe('The jti, sid, sub, client_id or kid of the tokens that it refuses.'),
  minVersion: z.number().int().optional().describe('Tokens of a lower ver (aver, of an application) are outdated.'),
  suspended: z.boolean().optional().describe('True: the user is suspended, the application disabled. Else left out.'),
  exp: z.number().int().optional().describe('Unix seconds after which it is of no use; left out: never.'),
});

export const FeedAnswer = z.object({
  epoch: z.uuid().describe('Names the log. Places of another one mean nothing in it.'),
  head: z.number().int().describe('Everything up to this seq is told. <epoch>:<head> is the cursor to go on from.'),
  generatedAt: z.iso.datetime(),
  staleness: milliseconds('how old the knowledge of the server was.'),
  maxAge: milliseconds('how old it can be at most; past it the answer is 503.'),
  items: z.array(FeedItem).describe('What is in force, one item a subject, in no order; each on a line of its own.'),
});

/** One event of the stream: `event` names it, `data` is JSON. */
export const FeedEvent = z.union([
  z
    .object({
      id: z.string().optional().describe('A cursor. Left out where what was missed is made up for, in no order.'),
      event: z.literal('revocations'),
      data: z.object({
        after: z.number().int().optional().describe('The seq that this goes on from.'),
        items: z.array(FeedItem),
      }),
    })
    .describe('What was revoked.'),
  z
    .object({
      id: z.string(),
      event: z.literal('heartbeat'),
      data: z.object({
        after: z.number().int(),
        head: z.number().int(),
        elapsed: milliseconds('since the stream began.'),
        staleness: milliseconds('how old the knowledge of the server is.'),
      }),
    })
    .describe('Everything up to `head` has been told. Once a second, and not at all while the server is stale.'),
]);
