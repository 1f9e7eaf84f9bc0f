/** What is kept of a study in the run of its winner, and told by a server: the search in short. */
import { z } from 'zod';

const trial = z.object({
  number: z.int().positive(),
  model: z.string(),
  kind: z.enum(['default', 'baseline', 'sampled']).meta({ description: 'sampled: its options were searched' }),
  status: z.string().meta({ description: 'finished, stopped early, or failed' }),
  value: z.number().nullable().meta({ description: 'of the metric on the validation part; null = it came to none' }),
  epochs: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  options: z.record(z.string(), z.unknown()).meta({ description: 'what was searched of it' }),
  reason: z.string().nullable().meta({ description: 'why it failed' }),
});

export const tuningStudySchema = z.object({
  metric: z.string(),
  lowerIsBetter: z.boolean(),
  seconds: z.number().nonnegative().meta({ description: 'of the search' }),
  winner: z.int().positive().meta({ description: 'number of the trial' }),
  worthIt: z
    .array(z.string())
    .readonly()
    .meta({ description: 'what the search was worth on the test part, in sentences' }),
  trials: z.array(trial).readonly(),
  curve: z
    .array(z.object({ trial: z.int(), model: z.string(), minutes: z.number(), epochs: z.int(), value: z.number() }))
    .readonly()
    .meta({ description: 'trials that were better than all before' }),
  importance: z
    .array(
      z.object({
        model: z.string(),
        nTrials: z.int(),
        options: z.array(z.object({ name: z.string(), share: z.number() })).readonly(),
      }),
    )
    .readonly(),
  optimism: z
    .object({ chosen: z.number(), expected: z.number() })
    .nullable()
    .meta({ description: 'the chosen value, and what such a choice gives on others' }),
});

export type TuningStudy = Readonly<z.infer<typeof tuningStudySchema>>;
