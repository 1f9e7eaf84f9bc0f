/**
 * Popularity of items in sequences — every sequence is continued with what occurs most.
 *
 *   ŷ(i | anything) = number of training events of i
 */
import { z } from 'zod';
import { float32Tensor } from '../core/named-tensors.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import { heldScores, solverMemory } from '../examples/memory-estimate.ts';
import { sequenceSolver } from '../examples/solvers.ts';
import { prefixScorer } from '../scoring/prefix-scorer.ts';

export const sequencePopularity = sequenceSolver({
  name: 'sequence-popularity',
  title: 'Popularity (sequences)',
  paper: null,
  options: z.strictObject({}),
  fit: (train) => new Map([['counts', { shape: [train.nItems], data: Float32Array.from(itemSupport(train)) }]]),
  memory: ({ nItems }) => solverMemory({}, { counts: 8 * nItems, scores: heldScores(nItems, 16) }),
  scorer: (weights, nItems) => {
    const counts = float32Tensor(weights, 'counts', [nItems]);
    return prefixScorer(nItems, (_, scores) => scores.set(counts));
  },
});
