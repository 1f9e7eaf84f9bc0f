/**
 * First-order Markov chain — what followed the last item. Shani, Heckerman, Brafman: An MDP-Based Recommender System. JMLR 2005;
 * as a baseline for sessions in Ludewig & Jannach: Evaluation of session-based recommendation algorithms. UMUAI 2018, §3.1.
 *
 *   P(i | …, j) = ( n_ji + α p_i ) / ( n_j + α )          p_i = (training events of i) / (training events)
 *
 * n_ji: how often i came directly after j, n_j = Σ_i n_ji. α: how many events the popularity counts for (Dirichlet prior); with
 * α = 0 this is the plain chain, whose items that never followed j all score 0. An empty sequence has n_j = 0.
 */
import { z } from 'zod';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { sparseRows } from '../data/sparse-rows.ts';
import { heldScores, solverMemory } from '../examples/memory-estimate.ts';
import { sequenceSolver } from '../examples/solvers.ts';
import { type ItemLists, itemLists, itemListTensors } from '../scoring/item-lists.ts';
import { type KnownAfter, prefixScorer, type ScorePrefix } from '../scoring/prefix-scorer.ts';

const options = z.strictObject({
  smoothing: z
    .number()
    .min(0)
    .max(1e6)
    .default(1)
    .meta({ doc: 'α, how many events the popularity of items counts for', search: [0, 0.1, 1, 10] }),
});

export const markov = sequenceSolver({
  name: 'markov',
  title: 'Markov chain',
  paper: {
    authors: 'Shani, Heckerman, Brafman',
    title: 'An MDP-Based Recommender System',
    venue: 'JMLR',
    year: 2005,
  },
  options,
  fit: (train) => {
    const share = Float32Array.from(itemSupport(train), (events) => events / train.items.length);
    return new Map([...itemListTensors(transitions(train)), ['popularity', { shape: [train.nItems], data: share }]]);
  },
  // pairs of neighbouring events: listed, taken apart, sorted with and without repetitions
  memory: ({ items, nItems }) =>
    solverMemory({}, { transitions: 64 * items.length, counts: 24 * nItems, scores: heldScores(nItems, 16) }),
  scorer: (weights: NamedTensors, nItems, { smoothing }) => {
    const followers = itemLists(weights, nItems, 'markov');
    const popularity = float32Tensor(weights, 'popularity', [nItems]);
    return prefixScorer(nItems, afterLast(followers, popularity, smoothing), followersOfLast(followers, nItems));
  },
});

/** n_ji of every pair that occurs. */
function transitions({ nItems, start, items }: Sequences): ItemLists {
  const isFirst = new Uint8Array(items.length + 1);
  for (const event of start) isFirst[event] = 1;
  const after = Int32Array.from(items.keys()).filter((event) => isFirst[event] === 0);
  const from = after.map((event) => items[event - 1]);
  const to = after.map((event) => items[event]);
  const all = sparseRows(nItems, from, to);
  const distinct = sparseRows(nItems, from, to, true);
  const values = new Float32Array(distinct.columns.length);
  let n = 0;
  for (let item = 0; item < nItems; item++)
    for (let k = distinct.rowStart[item]; k < distinct.rowStart[item + 1]; k++)
      while (n < all.rowStart[item + 1] && all.columns[n] === distinct.columns[k]) {
        values[k]++;
        n++;
      }
  return { rowStart: distinct.rowStart, columns: distinct.columns, values };
}

/** What never came after the last item has its score from popularity alone. */
function followersOfLast({ rowStart, columns }: ItemLists, nItems: number): KnownAfter {
  return (prefix) => {
    const knows = new Uint8Array(nItems);
    const last = prefix[prefix.length - 1];
    if (prefix.length > 0) for (let k = rowStart[last]; k < rowStart[last + 1]; k++) knows[columns[k]] = 1;
    return knows;
  };
}

function afterLast({ rowStart, columns, values }: ItemLists, popularity: Float32Array, alpha: number): ScorePrefix {
  return (prefix, scores) => {
    const last = prefix.length > 0 ? prefix[prefix.length - 1] : -1;
    const first = last < 0 ? 0 : rowStart[last];
    const end = last < 0 ? 0 : rowStart[last + 1];
    let seen = 0;
    for (let k = first; k < end; k++) seen += values[k];
    const total = seen + alpha;
    const prior = total > 0 ? alpha / total : 0;
    for (let i = 0; i < scores.length; i++) scores[i] = prior * popularity[i];
    for (let k = first; k < end; k++) scores[columns[k]] += values[k] / total;
  };
}
