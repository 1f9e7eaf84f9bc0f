/** What a study of negatives says: as it is printed, kept in a run, and told by a server. */
import { z } from 'zod';

const count = z.int().nonnegative();
const share = z.number().min(0).max(1);

const negativeLook = z.object({
  epoch: z.int().positive(),
  negatives: count.meta({ description: 'drawn at the beginning of the epoch, before its first step' }),
  meanSlope: z.number().meta({ description: 'mean of |∂loss / ∂score|' }),
  slopes: z
    .object({ p10: z.number(), p50: z.number(), p90: z.number() })
    .meta({ description: 'below which 10, 50 and 90 % of the negatives lie' }),
  idle: share.meta({ description: 'share of the negatives whose slope is below 0.01' }),
  heldOut: share.meta({
    description: 'share that the user took in the held-out parts: false negatives that are known to be',
  }),
  falseNegatives: share
    .nullable()
    .meta({ description: 'mean probability that the user takes the item when it is shown; null where nobody knows' }),
});

const samplerStudy = z.object({
  sampler: z.string(),
  looks: z.array(negativeLook).readonly(),
  metric: z.number().nullable().meta({ description: "the metric's mean on the test part; null without one" }),
});

export const negativeStudySchema = z.object({
  model: z.string(),
  metric: z.string(),
  chance: z.object({ heldOut: share, falseNegatives: share.nullable() }).meta({
    description: 'what uniform draws of items that the user did not take give, of all users with training rows',
  }),
  samplers: z.array(samplerStudy).readonly(),
});

export type NegativeLook = Readonly<z.infer<typeof negativeLook>>;
export type SamplerStudy = Readonly<z.infer<typeof samplerStudy>>;
export type NegativeStudy = Readonly<z.infer<typeof negativeStudySchema>>;
