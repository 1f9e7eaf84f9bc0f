/**
 * S-POP — what the running session holds most often comes next; then what is popular.
 * Baseline of Hidasi, Karatzoglou, Baltrunas, Tikk: Session-based Recommendations with Recurrent Neural Networks. ICLR 2016, §4.2.
 *
 *   items order by (c_i, s_i)          c_i = events of i in the session so far, s_i = training events of i
 *
 * The score of an item of the session is its place in this order among the session's items (1, 2, …; equal items share
 * one), of any other item s_i / (1 + max s) < 1: float32 then keeps the whole order. Ties in c_i are settled by s_i, as there.
 */
import { z } from 'zod';
import { float32Tensor } from '../core/named-tensors.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import { heldScores, solverMemory } from '../examples/memory-estimate.ts';
import { sequenceSolver } from '../examples/solvers.ts';
import { prefixScorer, type ScorePrefix } from '../scoring/prefix-scorer.ts';

export const sessionPopularity = sequenceSolver({
  name: 'session-popularity',
  title: 'S-POP',
  paper: {
    authors: 'Hidasi, Karatzoglou, Baltrunas, Tikk',
    title: 'Session-based Recommendations with Recurrent Neural Networks',
    venue: 'ICLR',
    year: 2016,
  },
  options: z.strictObject({}),
  fit: (train) => new Map([['counts', { shape: [train.nItems], data: Float32Array.from(itemSupport(train)) }]]),
  memory: ({ nItems }) => solverMemory({}, { counts: 12 * nItems, scores: heldScores(nItems, 16) }),
  scorer: (weights, nItems) => prefixScorer(nItems, sessionThenAll(float32Tensor(weights, 'counts', [nItems]))),
});

function sessionThenAll(support: Float32Array): ScorePrefix {
  const most = support.reduce((a, b) => Math.max(a, b), 0);
  const below = support.map((s) => s / (1 + most));
  return (prefix, scores) => {
    scores.set(below);
    const inSession = new Map<number, number>();
    for (const item of prefix) inSession.set(item, (inSession.get(item) ?? 0) + 1);
    const order = [...inSession].sort(([i, ci], [j, cj]) => ci - cj || support[i] - support[j]);
    let place = 0;
    order.forEach(([item, count], n) => {
      const [before, countBefore] = order[n - 1] ?? [-1, 0];
      if (count !== countBefore || support[item] !== support[before]) place++;
      scores[item] = place;
    });
  };
}
