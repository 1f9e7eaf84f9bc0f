/** What those who run the server see of feedback that is held back, and of items whose exposure jumps. */
import { z } from 'zod';
import { queryCount, textId } from './values.ts';

export const heldQuery = z.strictObject({
  limit: queryCount(1, 1000, 100).meta({ description: 'events of the answer, the newest' }),
});

export const heldReply = z
  .object({
    total: z.int(),
    events: z
      .array(
        z.object({
          id: z.string(),
          reason: z.string(),
          held: z.string().meta({ description: 'when' }),
          user: z.string().nullable(),
          session: z.string().nullable(),
          item: z.string(),
          type: z.string(),
          value: z.number().nullable(),
          time: z.string(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'HeldFeedback' });

export const heldRequest = z
  .strictObject({ ids: z.array(textId).min(1).max(1000).meta({ description: 'of held events' }) })
  .meta({ id: 'HeldRequest' });

export const releaseReply = z.object({ released: z.int().meta({ description: 'events that count from now on' }) });
export const dropReply = z.object({ dropped: z.int().meta({ description: 'events that are gone' }) });

export const alarmsReply = z
  .object({
    alarms: z
      .array(
        z.object({
          item: z.string(),
          time: z.string().meta({ description: 'beginning of the hour' }),
          shown: z.int().meta({ description: 'times shown in the hour until the alarm' }),
          share: z.number().meta({ description: 'of all places in the hour' }),
          before: z.number().meta({ description: 'of all places in the 24 hours before' }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'ExposureAlarms' });
