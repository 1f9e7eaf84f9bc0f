/** What those who run the server look at: traffic, feedback, scenarios compared, keys. */
import { z } from 'zod';
import { ACCESS_LEVELS } from '../store/records.ts';
import { queryCount, textId } from './values.ts';

const percentile = z.number().nullable().meta({ description: 'seconds, to within 25 %; null without requests' });

const traffic = {
  requests: z.int(),
  refused: z.int().meta({ description: 'answered with 4xx' }),
  failed: z.int().meta({ description: 'answered with 5xx' }),
  p50: percentile,
  p95: percentile,
  p99: percentile,
} as const;

export const trafficQuery = z.strictObject({
  minutes: queryCount(1, 1440, 60).meta({ description: 'how far back' }),
  step: queryCount(1, 1440, 1).meta({ description: 'minutes of each point' }),
});

export const trafficReply = z
  .object({
    routes: z.array(z.object({ route: z.string(), ...traffic })).readonly(),
    series: z
      .array(
        z.object({
          time: z.string(),
          lists: z.int(),
          fallbacks: z.int().meta({ description: 'lists whose first item came from no model' }),
          ...traffic,
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Traffic' });

export const feedbackCountsQuery = z.strictObject({
  hours: queryCount(1, 8760, 24).meta({ description: 'how far back' }),
  step: queryCount(1, 8760, 1).meta({ description: 'hours of each point' }),
});

export const feedbackCountsReply = z
  .object({
    types: z.array(z.string()).readonly(),
    series: z
      .array(z.object({ time: z.string(), counts: z.record(z.string(), z.int()) }))
      .readonly()
      .meta({ description: 'the oldest first; stretches without events have none' }),
    total: z.int().meta({ description: 'events of the store, of all times' }),
  })
  .meta({ id: 'FeedbackCounts' });

export const experimentsQuery = z.strictObject({
  days: queryCount(1, 365, 30).meta({ description: 'how far back; answers are kept for --keep days' }),
});

const share = z.object({
  share: z.number().nullable(),
  low: z.number().nullable().meta({ description: '95 % interval' }),
  high: z.number().nullable(),
});

export const experimentsReply = z
  .object({
    scenarios: z
      .array(
        z.object({
          scenario: z.string(),
          variants: z
            .array(
              z.object({
                variant: z.string().nullable().meta({ description: 'null = who stands in no variant' }),
                lists: z.int(),
                followedLists: z.int().meta({ description: 'lists that feedback followed by their recommendationId' }),
                people: z.int(),
                followers: z.int().meta({ description: 'people who followed a list' }),
                rate: share.meta({ description: 'followers among people, Wilson' }),
                difference: share
                  .nullable()
                  .meta({ description: 'of the rate to that of the first one, Newcombe; null for the first one' }),
              }),
            )
            .readonly(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Experiments' });

const keyShape = {
  id: z.string(),
  access: z.enum(ACCESS_LEVELS),
  name: z.string(),
  created: z.string(),
} as const;

export const keysReply = z.object({ keys: z.array(z.object(keyShape)).readonly() });

export const keyRequest = z
  .strictObject({
    access: z.enum(ACCESS_LEVELS).meta({ description: 'read: ask and look; write: tell, too; admin: run, too' }),
    name: z.string().max(100).default('').meta({ description: 'whose it is' }),
  })
  .meta({ id: 'KeyRequest' });

export const keyReply = z
  .object({ key: z.string().meta({ description: 'shown this once' }), ...keyShape })
  .meta({ id: 'NewKey' });

export const keyParameter = z.strictObject({ id: textId });
