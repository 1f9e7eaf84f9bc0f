/** Settings of a training run, for every model that is trained by gradients. */
import { z } from 'zod';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { TrainingDefaults } from '../models/model.ts';

export const trainingOptions = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(20).meta({ doc: 'passes over the training interactions, at most' }),
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(2048)
    .meta({ doc: 'examples a step (negatives included)', search: [256, 1024, 2048, 8192] }),
  negatives: z
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .meta({ doc: 'negative items drawn for each interaction, anew in every epoch', search: [1, 4, 8] }),
  negativeSampler: z
    .enum(['uniform', 'popularity'])
    .default('uniform')
    .meta({ doc: 'how negatives are drawn; popularity: ∝ (interactions of the item)^popularityExponent' }),
  popularityExponent: z.number().min(0).max(2).default(0.75).meta({ doc: 'exponent of the popularity sampler' }),
  rejectTaken: z.boolean().default(true).meta({ doc: 'never draw an item as negative that the user took in training' }),
  evaluateEvery: z.int().min(1).default(1).meta({ doc: 'epochs between two looks at the validation metric' }),
  patience: z
    .int()
    .min(0)
    .default(5)
    .meta({ doc: 'stop after this many looks without a better validation metric; 0 = never stop early' }),
  keepBest: z
    .boolean()
    .default(true)
    .meta({ doc: 'end with the weights of the best validation metric instead of the last ones' }),
  optimizer: optimizerOptions.prefault({}),
});

export type TrainingOptions = z.output<typeof trainingOptions>;
export type TrainingInput = z.input<typeof trainingOptions>;

/** Explicit settings over a model's defaults over the general ones. */
export function resolveTraining(defaults: TrainingDefaults, given: unknown): TrainingOptions {
  const explicit = (given ?? {}) as { optimizer?: object };
  return trainingOptions.parse({
    ...defaults,
    ...explicit,
    optimizer: { ...defaults.optimizer, ...explicit.optimizer },
  });
}
