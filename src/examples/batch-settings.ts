/** The settings of a training in epochs and batches, with the words and defaults of a kind of examples. */
import { z } from 'zod';

interface BatchDefaults {
  /** Default number of epochs, and what an epoch is: `passes over the training sequences, at most`. */
  readonly epochs: readonly [number, doc: string];
  /** Default batch size, and what it counts: `sequences a step`. */
  readonly batchSize: readonly [number, doc: string];
  readonly largestBatch: number;
  /** Batch sizes worth trying. */
  readonly search: number[];
}

export function batchSettings({ epochs, batchSize, largestBatch, search }: BatchDefaults) {
  return {
    epochs: z.int().min(1).max(100_000).default(epochs[0]).meta({ doc: epochs[1] }),
    batchSize: z.int().min(1).max(largestBatch).default(batchSize[0]).meta({ doc: batchSize[1], search }),
  };
}
