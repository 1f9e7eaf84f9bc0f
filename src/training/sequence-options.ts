/** Settings of the training of recurrent models; the names are those of the general ones where both have them. */
import { z } from 'zod';

export const sequenceTrainingOptions = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(10).meta({ doc: 'passes over the training sequences, at most' }),
  batchSize: z
    .int()
    .min(1)
    .max(65_536)
    .default(32)
    .meta({ doc: 'B, sequences that a step runs through side by side', search: [32, 64, 128, 240] }),
  learningRate: z
    .number()
    .positive()
    .default(0.1)
    .meta({ doc: 'η of Adagrad', search: [0.05, 0.1, 0.2] }),
  momentum: z.number().min(0).lt(1).default(0).meta({ doc: 'μ: v = μ v − step, w += v' }),
  evaluateEvery: z.int().min(1).default(1).meta({ doc: 'epochs between two looks at the validation metric' }),
  patience: z
    .int()
    .min(0)
    .default(0)
    .meta({ doc: 'stop after this many looks without a better validation metric; 0 = never stop early' }),
  keepBest: z
    .boolean()
    .default(true)
    .meta({ doc: 'end with the weights of the best validation metric instead of the last ones' }),
});

export type SequenceTrainingOptions = z.output<typeof sequenceTrainingOptions>;
