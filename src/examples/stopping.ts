/** The settings of a training that all kinds of examples share: how long it goes on, and with which weights it ends. */
import { z } from 'zod';

/** When training ends, and with which weights: the settings, with the defaults of a kind of examples. */
export function stoppingSettings({ patience = 0, minGain = 0, plateauFactor = 1 }) {
  return {
    evaluateEvery: z.int().min(1).default(1).meta({ doc: 'epochs between two looks at the validation metric' }),
    patience: z
      .int()
      .min(0)
      .default(patience)
      .meta({ doc: 'stop after this many looks without a better validation metric; 0 = never stop early' }),
    keepBest: z
      .boolean()
      .default(true)
      .meta({ doc: 'end with the weights of the best validation metric instead of the last ones' }),
    minGain: z
      .number()
      .min(0)
      .default(minGain)
      .meta({ doc: 'a look counts as better when the validation metric exceeds the best one by more than this' }),
    plateauFactor: z.number().positive().max(1).default(plateauFactor).meta({
      doc: 'the learning rate is multiplied by this after each look without a better validation metric; 1 = never',
    }),
  };
}

/** What the training loop reads of the settings of any kind of examples. */
export interface EpochSettings {
  readonly epochs: number;
  readonly evaluateEvery: number;
  readonly patience: number;
  readonly keepBest: boolean;
  /** By how much a validation must exceed the best one to count as a gain. */
  readonly minGain: number;
  /** Multiplies the learning rate after each look without gain. */
  readonly plateauFactor: number;
}
