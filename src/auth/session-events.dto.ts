import { z } from 'zod';

/** One event of the stream: `event` names it, `data` is JSON. */
export const SessionEvent = z.union([
  z.object({ event: z.literal('ready'), data: z.object({}) }).describe('The stream is there.'),
  z
    .object({
      event: z.literal('renewed'),
      data: z.object({ expiresAt: z.iso.datetime(), idleExpiresAt: z.iso.datetime() }),
    })
    .describe('The session was refreshed or re-issued: its ends moved.'),
  z.object({ event: z.literal('devices_changed'), data: z.object({}) }).describe('Load the list of devices again.'),
  z.object({ event: z.literal('outdated'), data: z.object({}) }).describe('Refresh. The stream ends.'),
  z
    .object({ event: z.literal('ended'), data: z.object({ code: z.string(), reason: z.string() }) })
    .describe('The session is over: the code that requests get, and why. The stream ends.'),
]);
