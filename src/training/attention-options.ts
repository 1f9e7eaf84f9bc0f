/** Settings of the training of models by self-attention; the names are those of the general ones where both have them. */
import { z } from 'zod';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { sequenceTrainingOptions } from './sequence-options.ts';

const { evaluateEvery, patience, keepBest } = sequenceTrainingOptions.shape;

export const attentionTrainingOptions = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(200).meta({ doc: 'passes over the training sequences, at most' }),
  batchSize: z
    .int()
    .min(1)
    .max(65_536)
    .default(128)
    .meta({ doc: 'sequences a step', search: [64, 128, 256] }),
  optimizer: optimizerOptions
    .extend({ beta2: z.number().min(0).lt(1).default(0.98).meta({ doc: 'decay of the mean square (Adam, RMSprop)' }) })
    .prefault({})
    .meta({ doc: 'how weights are updated' }),
  ...{ evaluateEvery, patience, keepBest },
});

export type AttentionTrainingOptions = z.output<typeof attentionTrainingOptions>;
