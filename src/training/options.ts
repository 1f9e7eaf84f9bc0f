/** Settings of a training run, for every model that is trained by gradients. */
import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
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

/**
 * Explicit settings over a model's defaults over the general ones.
 * @throws 'config' naming the key that is unknown or out of range
 */
export function resolveTraining(defaults: TrainingDefaults, given: object): TrainingOptions {
  const { optimizer = {}, ...explicit } = given as { optimizer?: unknown };
  const settings = { ...defaults, ...explicit, optimizer: overDefaults(defaults.optimizer, optimizer) };
  return parseOptions(trainingOptions, settings, 'training settings');
}

/** What is no object stays as it is, for the schema to refuse. */
function overDefaults(defaults: object | undefined, given: unknown): unknown {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  return isObject ? { ...defaults, ...given } : given;
}
