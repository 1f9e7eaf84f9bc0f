/** What the server is told: feedback, users, items. */
import { z } from 'zod';
import { cells, id, name, textId } from './values.ts';

/** How far a clock may be ahead, in milliseconds: an event of later would be the newest of its person for as long. */
const MOST_AHEAD_MS = 24 * 3600 * 1000;

const whatTimesAre =
  'must be a date in ISO form with its zone, such as 2026-05-31T12:00:00Z, or seconds (not milliseconds) since 1970, no earlier and at most a day ahead';

/** Milliseconds since 1970: of a date in ISO form, or of seconds since 1970. */
const time = z
  .union([z.iso.datetime({ offset: true, error: whatTimesAre }), z.number()], { error: whatTimesAre })
  .transform((value) => (typeof value === 'number' ? Math.round(value * 1000) : Date.parse(value)))
  .refine((value) => value >= 0 && value <= Date.now() + MOST_AHEAD_MS, whatTimesAre)
  .meta({
    description:
      'a date in ISO form, or seconds since 1970, no earlier than that and at most a day ahead; default: now',
  });

export const feedbackEvent = z
  .strictObject({
    id: textId.optional().meta({ description: 'a second event with the same id is not counted; default: a new one' }),
    type: name.meta({
      description: 'view, click, purchase, rating, dislike, impression …: the settings say what they mean',
    }),
    user: id.optional(),
    item: id,
    value: z.number().optional().meta({ description: 'such as a rating, or an amount' }),
    time: time.optional(),
    session: textId.optional(),
    recommendationId: textId.optional().meta({ description: 'of the answer that the person followed' }),
  })
  .refine(({ user, session }) => user !== undefined || session !== undefined, 'must name a user or a session')
  .meta({ id: 'FeedbackEvent' });

export const feedbackRequest = z
  .array(feedbackEvent, 'must be a list of events, [ … ]')
  .min(1)
  .max(1000)
  .meta({ id: 'Feedback' });

export const feedbackReply = z
  .object({
    added: z.int().meta({ description: 'events that are new' }),
    known: z.int().meta({ description: 'events whose ids were there' }),
    notes: z.array(z.string()).readonly().meta({ description: 'what was kept though it does not fit' }),
  })
  .meta({ id: 'FeedbackReply' });

export const userRequest = z
  .strictObject({ fields: cells.default({}).meta({ description: 'what describes the user, in place of what did' }) })
  .meta({ id: 'UserRequest' });

export const itemRequest = z
  .strictObject({
    fields: cells.default({}).meta({
      description: 'what describes the item, its title among it; cells that are not named stay as training had them',
    }),
    categories: z.array(z.string().min(1).max(200)).max(100).optional().meta({
      description: `a field of several values: where "categories = 'new'"`,
    }),
    available: z.boolean().default(true).meta({ description: 'false: in no list' }),
  })
  .meta({ id: 'ItemRequest' });

export const mergeRequest = z
  .strictObject({
    from: id.meta({ description: 'such as a visitor before signing in' }),
    into: id,
  })
  .meta({ id: 'MergeRequest' });

export const mergeReply = z.object({ events: z.int().meta({ description: 'events that changed hands' }) });
export const deleteReply = z.object({ removed: z.int().meta({ description: 'rows that are gone' }) });

export const idParameter = z.strictObject({ id: textId });

export type FeedbackInput = z.output<typeof feedbackEvent>;
