/**
 * ItemKNN — items that the same people took are similar.
 * Sarwar, Karypis, Konstan, Riedl: Item-Based Collaborative Filtering Recommendation Algorithms. WWW 2001; the form for taken
 * items with shrinkage as in Ferrari Dacrema, Cremonesi, Jannach: Are We Really Making Much Progress? RecSys 2019.
 *
 *   ŷ(u, i) = Σ_{j ∈ S_u ∩ N(i)} s_ij          s_ij = Σ_{v took i and j} a_v / ( (Σ_{v took i} a_v)^α (Σ_{v took j} a_v)^{1 − α} + h )
 *
 * α = ½ is the cosine; below it, popular items are scored higher (asymmetric cosine; Aiolli: Efficient Top-N Recommendation for Very
 * Large Scale Binary Rated Datasets. RecSys 2013). N(i): the k items with the largest s_ij > 0, of equal ones those with the smaller index. S_u: the items of user u.
 * a_v = 1, ln(n_items / |S_v|)² with weighting 'idf', or 1 / |S_v| with 'unit' (people as vectors of length 1: Deshpande, Karypis:
 * Item-Based Top-N Recommendation Algorithms. ACM TOIS 22, 2004). Numbers and limits: docs/models/item-knn.md.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, int32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import { BestLists } from '../data/best-lists.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { pairSolver } from '../examples/solvers.ts';
import { neighboursOption } from '../layers/options.ts';

const options = z.strictObject({
  neighbours: neighboursOption
    .default(50)
    .meta({ doc: 'k, items that may vouch for an item', search: [20, 50, 100, 200, 400] }),
  shrinkage: z
    .number()
    .min(0)
    .max(1e6)
    .default(10)
    .meta({ doc: 'h, makes similarities that rest on few people smaller', search: [0, 5, 10, 50, 100] }),
  asymmetry: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({
      doc: 'α, how much the popularity of the scored item divides its scores; ½ = cosine',
      search: [0.2, 0.3, 0.4, 0.5, 0.6],
    }),
  weighting: z
    .enum(['none', 'idf', 'unit'])
    .default('none')
    .meta({
      doc: "whether people with many items count less: by the logarithm of their share of the items ('idf'), or each person as one ('unit')",
      search: ['none', 'idf', 'unit'],
    }),
});

export const itemKnn = pairSolver({
  name: 'item-knn',
  title: 'ItemKNN',
  paper: {
    authors: 'Sarwar, Karypis, Konstan, Riedl',
    title: 'Item-Based Collaborative Filtering Recommendation Algorithms',
    venue: 'WWW',
    year: 2001,
  },
  options,
  fit: (train, { nItems }, { neighbours, shrinkage, asymmetry, weighting }, { progress }) => {
    const weight = weighting === 'none' ? null : userWeights(train, nItems, weighting);
    const takers = takersOf(train, nItems, weight);
    const scored = takers.map((n) => n ** asymmetry);
    const vouching = takers.map((n) => n ** (1 - asymmetry));
    const best = new BestLists(nItems, Math.min(neighbours, Math.max(1, nItems - 1)));
    const task = progress.start('item-knn: similarities', nItems, 'items');
    visitCoOccurrences(train, nItems, weight, (i, sums) => {
      for (let j = i + 1; j < nItems; j++) {
        if (sums[j] === 0) continue;
        best.offer(i, j, sums[j] / (scored[i] * vouching[j] + shrinkage));
        best.offer(j, i, sums[j] / (scored[j] * vouching[i] + shrinkage));
      }
      if (i % 64 === 63) task.update(i + 1);
    });
    task.end();
    return named(best, nItems);
  },
  memory: (train, sizes, { neighbours }, engine) => {
    const { nUsers, nItems } = sizes;
    const nPairs = train.columns.length;
    const nListed = nItems * Math.min(neighbours, Math.max(1, nItems - 1));
    const ranking = 4 * (nPairs + nUsers) + 8 * nListed + rankingBytes('history', sizes, nPairs, engine);
    // heaps of neighbours in float64, and what they are copied into
    return solverMemory(
      { ranking },
      { 'takers of items': 4 * (nPairs + nUsers) + 40 * nItems, neighbours: 32 * nListed },
    );
  },
  score: (weights, { nItems }) => {
    const similarity = float32Tensor(weights, 'similarity', [-1]);
    const lists = {
      rowStart: int32Tensor(weights, 'rowStart', [nItems + 1]),
      columns: int32Tensor(weights, 'columns', [similarity.length]),
    };
    checkLists(lists.rowStart, lists.columns, nItems);
    return { form: 'history', weights: similarity, sparse: lists };
  },
});

/** a_v for every user; 0 for a user without items, who counts nowhere. */
function userWeights(train: SparseRows, nItems: number, weighting: 'idf' | 'unit'): Float64Array {
  const weight = new Float64Array(train.nRows);
  for (let v = 0; v < train.nRows; v++) {
    const taken = train.rowStart[v + 1] - train.rowStart[v];
    if (taken > 0) weight[v] = weighting === 'idf' ? Math.log(nItems / taken) ** 2 : 1 / taken;
  }
  return weight;
}

/** Σ a_v over the users who took i */
function takersOf(train: SparseRows, nItems: number, weight: Float64Array | null): Float64Array {
  const takers = new Float64Array(nItems);
  for (let v = 0; v < train.nRows; v++)
    for (let k = train.rowStart[v]; k < train.rowStart[v + 1]; k++)
      takers[train.columns[k]] += weight === null ? 1 : weight[v];
  return takers;
}

/** Row j lists the items i that have j among their neighbours, and s_ij: what j in a history adds to the scores. */
function named(best: BestLists, nItems: number): NamedTensors {
  const { rows, values } = best.transposed(nItems);
  return new Map<string, NamedTensor>([
    ['rowStart', { shape: [nItems + 1], data: rows.rowStart }],
    ['columns', { shape: [rows.columns.length], data: rows.columns }],
    ['similarity', { shape: [values.length], data: values }],
  ]);
}

/** Indices that point outside would make the kernels read other memory. */
function checkLists(rowStart: Int32Array, columns: Int32Array, nItems: number): void {
  const ascending = rowStart.every((start, r) => start >= (r === 0 ? 0 : rowStart[r - 1]));
  const spans = rowStart[0] === 0 && rowStart[nItems] === columns.length;
  if (ascending && spans && columns.every((column) => column >= 0 && column < nItems)) return;
  throw new DeepTasteError(
    'artifact',
    `item-knn: the lists must cover ${columns.length} neighbours among ${nItems} items, found indices outside; the weights were altered`,
  );
}
