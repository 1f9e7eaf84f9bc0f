/**
 * Session ItemKNN — what was seen together with the last item.
 * Baseline of Hidasi, Karatzoglou, Baltrunas, Tikk: Session-based Recommendations with Recurrent Neural Networks. ICLR 2016, §4.2.
 *
 *   ŷ(i | …, j) = n_ij / ( (n_i + λ)^½ · (n_j + λ)^½ )
 *
 * n_ij: training sequences that hold both, n_i: sequences that hold i; λ makes similarities that rest on few sequences smaller.
 * The k largest of each j are kept, of equal ones those with the smaller index. Other items score 0, j itself too.
 */
import { z } from 'zod';
import type { NamedTensors } from '../core/named-tensors.ts';
import { BestLists } from '../data/best-lists.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import { distinctItems } from '../data/sequences/distinct-items.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { heldScores, solverMemory } from '../examples/memory-estimate.ts';
import type { FitContext } from '../examples/model.ts';
import { sequenceSolver } from '../examples/solvers.ts';
import { neighboursOption } from '../layers/options.ts';
import { type ItemLists, itemLists, itemListTensors } from '../scoring/item-lists.ts';
import { prefixScorer, type ScorePrefix, whatScores } from '../scoring/prefix-scorer.ts';

const options = z.strictObject({
  neighbours: neighboursOption
    .default(100)
    .meta({ doc: 'k, items that may follow an item', search: [50, 100, 200, 500] }),
  shrinkage: z
    .number()
    .min(0)
    .max(1e6)
    .default(20)
    .meta({ doc: 'λ, makes similarities that rest on few sequences smaller', search: [0, 5, 20, 80] }),
});
type Config = z.output<typeof options>;

export const sessionItemKnn = sequenceSolver({
  name: 'session-item-knn',
  title: 'Session ItemKNN',
  paper: {
    authors: 'Hidasi, Karatzoglou, Baltrunas, Tikk',
    title: 'Session-based Recommendations with Recurrent Neural Networks',
    venue: 'ICLR',
    year: 2016,
  },
  options,
  fit: fitSimilarities,
  memory: ({ items, start, nItems }, { neighbours }) => {
    const nListed = nItems * Math.min(neighbours, Math.max(1, nItems - 1));
    return solverMemory(
      {},
      {
        'items of sessions': 20 * items.length + 8 * start.length,
        // heaps in float64, and the lists that they are sorted into
        neighbours: 20 * nListed + 32 * nItems,
        scores: heldScores(nItems, 16),
      },
    );
  },
  scorer: (weights, nItems) => {
    const similar = itemLists(weights, nItems, 'session-item-knn');
    const score: ScorePrefix = (prefix, scores) => {
      scores.fill(0);
      if (prefix.length > 0) addList(scores, similar, prefix[prefix.length - 1]);
    };
    return prefixScorer(nItems, score, whatScores);
  },
});

function addList(scores: Float32Array, { rowStart, columns, values }: ItemLists, item: number): void {
  for (let k = rowStart[item]; k < rowStart[item + 1]; k++) scores[columns[k]] = values[k];
}

function fitSimilarities(train: Sequences, { neighbours, shrinkage }: Config, { progress }: FitContext): NamedTensors {
  const { nItems } = train;
  const rows = distinctItems(train);
  const nSessions = new Float64Array(nItems);
  for (const item of rows.columns) nSessions[item]++;
  const norm = nSessions.map((n) => Math.sqrt(n + shrinkage));
  const best = new BestLists(nItems, Math.min(neighbours, Math.max(1, nItems - 1)));
  const task = progress.start('session-item-knn: similarities', nItems, 'items');
  visitCoOccurrences(rows, nItems, null, (i, sums) => {
    for (let j = i + 1; j < nItems; j++) {
      if (sums[j] === 0) continue;
      const similarity = sums[j] / (norm[i] * norm[j]);
      best.offer(i, j, similarity);
      best.offer(j, i, similarity);
    }
    if (i % 64 === 63) task.update(i + 1);
  });
  task.end();
  const { rows: neighboursOf, values } = best.listed();
  return itemListTensors({ ...neighboursOf, values });
}
