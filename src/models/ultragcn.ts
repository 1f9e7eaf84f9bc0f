/**
 * UltraGCN — what infinitely many layers of a graph convolution lead to, as weights of a loss without any propagation.
 * Mao, Zhu, Xiao, Lu, Wang, He: UltraGCN: Ultra Simplification of Graph Convolutional Networks for Recommendation. CIKM 2021.
 *
 *   ŷ(u, i) = e_uᵀ e_i          β_ui = 1/d_u √( (d_u + 1) / (d_i + 1) )          in the limit e_u = Σ_{i ∈ S_u} β_ui e_i
 *   loss of a taken pair (u, i) =  −(w₁ + w₂ β_ui) ln σ(ŷ(u, i))  −  m · mean_j (w₃ + w₄ β_uj) ln σ(−ŷ(u, j))
 *                                  −  λ Σ_{k ∈ N(i)} ω_ik ln σ(ŷ(u, k))
 *   G = RᵀR,  g_i = Σ_k G_ik          ω_ik = G_ik √(g_i + 1) / (g_i √(g_k + 1)),  N(i): the items of the largest ω_ik
 *
 * d: items of a user, users of an item. j: negatives of the step, drawn uniformly. Numbers and differences: docs/models/ultragcn.md.
 */
import { z } from 'zod';
import { BestLists } from '../data/best-lists.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import {
  add,
  affine,
  concat,
  linear,
  listLookup,
  lookup,
  multiply,
  negativeLogSigmoid,
  rowDot,
  rowSum,
  softplus,
  transpose,
} from '../engine/ops/index.ts';
import { weightedPairModel } from '../examples/weighted-pairs.ts';
import { normal } from '../layers/initializer.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';

const weight = (value: number, doc: string) => z.number().min(0).max(1e6).default(value).meta({ doc });

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] }),
  w1: weight(1e-6, 'weight of every taken pair'),
  w2: weight(1, 'weight of β_ui of a taken pair beside it'),
  w3: weight(1e-6, 'weight of every negative'),
  w4: weight(1, 'weight of β_uj of a negative beside it'),
  negativeWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(300)
    .meta({ doc: 'm, weight of the mean over the negatives of a pair', search: [50, 100, 200, 300, 500] }),
  neighbours: z
    .int()
    .min(0)
    .max(1000)
    .default(10)
    .meta({ doc: 'items N(i) beside each item, which its takers count as taking too', search: [0, 5, 10, 20] }),
  neighbourWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(5e-4)
    .meta({ doc: 'λ, weight of these', search: [0, 5e-4, 0.1, 1] }),
  deviation: deviationOption.default(1e-4),
});

export const ultragcn = weightedPairModel({
  name: 'ultragcn',
  title: 'UltraGCN',
  paper: {
    authors: 'Mao, Zhu, Xiao, Lu, Wang, He',
    title: 'UltraGCN: Ultra Simplification of Graph Convolutional Networks for Recommendation',
    venue: 'CIKM',
    year: 2021,
  },
  options,
  // the authors add up the losses of a batch of 512; of a mean, ε and λ of the norm are a 512th
  trainingDefaults: {
    epochs: 100,
    batchSize: 512,
    negatives: 1500,
    optimizer: { learningRate: 1e-4, dense: true, epsilon: 1e-8 / 512, l2: 1e-4 / 512, l2Scope: 'all' },
  },
  // the paper's rate belongs to as many interactions as Gowalla has; where there are fewer, so few steps lead nowhere
  defaultsForData: ({ nInteractions }) => {
    const rate = Math.min(3e-3, Math.max(1e-4, 81 / Math.max(1, nInteractions)));
    return { optimizer: { learningRate: Number(rate.toPrecision(2)) } };
  },
  parameters: ({ factors, deviation }, { nUsers, nItems }) => [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(deviation) },
  ],
  weights: ({ rows, sizes: { nItems } }, { neighbours }) => {
    const beside = nearItems(rows, nItems, neighbours);
    const ofUser = (_: unknown, u: number) => userFactor(rows.rowStart[u + 1] - rows.rowStart[u]);
    const tables = {
      // β_ui = a_u b_i
      a: { width: 1, values: Float32Array.from({ length: rows.nRows }, ofUser) },
      b: { width: 1, values: Float32Array.from(degrees(rows, nItems), itemFactor) },
    };
    if (beside.count === 0) return { neighbours: beside.items, tables };
    return { neighbours: beside.items, tables: { ...tables, omega: { width: beside.count, values: beside.weights } } };
  },
  weightSizes: ({ neighbours }, { nUsers, nItems }) => {
    const count = Math.min(neighbours, nItems);
    const tables = { a: [nUsers, 1], b: [nItems, 1] } as const;
    return { neighbours: count, tables: count === 0 ? tables : { ...tables, omega: [nItems, count] } };
  },
  loss: ({ P, Q, a, b, omega }, { user, item, neighbours, negatives }, config) => {
    const u = lookup(P, user);
    const ofUser = lookup(a, user);
    const positive = multiply(
      affine(multiply(ofUser, lookup(b, item)), config.w2, config.w1),
      negativeLogSigmoid(rowDot(u, lookup(Q, item))),
    );
    const against = softplus(linear(u, transpose(listLookup(Q, negatives))));
    const each = config.negativeWeight / negatives.size;
    const negative = add(
      affine(rowSum(against), each * config.w3),
      multiply(ofUser, affine(linear(against, listLookup(b, negatives)), each * config.w4)),
    );
    const loss = add(positive, negative);
    if (neighbours.length === 0) return loss;
    const near = neighbours.map((k) => negativeLogSigmoid(rowDot(u, lookup(Q, k))));
    return add(loss, affine(rowDot(concat(...near), lookup(omega, item)), config.neighbourWeight));
  },
  userParts: ({ P }, user) => [lookup(P, user)],
  itemParts: ({ Q }, item) => [lookup(Q, item)],
  score: (_, [u], [i]) => rowDot(u, i),
  represent: (_, [user], [item]) => ({ user, item }),
  foldInWeights: ({ w1, w2, w3, w4, negativeWeight }, { rows, sizes: { nItems } }) => {
    const b = Float64Array.from(degrees(rows, nItems), itemFactor);
    return (count) => {
      const a = userFactor(count);
      return { taken: (i) => w1 + w2 * a * b[i], other: (j) => w3 + w4 * a * b[j], negatives: negativeWeight };
    };
  },
});

const userFactor = (d: number): number => (d === 0 ? 0 : Math.sqrt(d + 1) / d);
const itemFactor = (d: number): number => 1 / Math.sqrt(d + 1);

/** Users of each item. */
function degrees({ columns }: SparseRows, nItems: number): Int32Array {
  const degree = new Int32Array(nItems);
  for (const item of columns) degree[item]++;
  return degree;
}

/** N(i) and ω_ik, [nItems × count]; places without a neighbour hold the item itself with weight 0. */
function nearItems(rows: SparseRows, nItems: number, neighbours: number) {
  const count = Math.min(neighbours, nItems);
  const items = Int32Array.from({ length: nItems * count }, (_, k) => Math.floor(k / count));
  const weights = new Float32Array(nItems * count);
  if (count === 0) return { count, items, weights };
  const total = new Float64Array(nItems);
  for (let u = 0; u < rows.nRows; u++)
    for (let k = rows.rowStart[u]; k < rows.rowStart[u + 1]; k++)
      total[rows.columns[k]] += rows.rowStart[u + 1] - rows.rowStart[u];
  const best = new BestLists(nItems, count);
  visitCoOccurrences(rows, nItems, null, (i, together) => {
    for (let k = i; k < nItems; k++) {
      if (together[k] === 0) continue;
      best.offer(i, k, (together[k] * userFactor(total[i])) / Math.sqrt(total[k] + 1));
      if (k > i) best.offer(k, i, (together[k] * userFactor(total[k])) / Math.sqrt(total[i] + 1));
    }
  });
  const { rows: listed, values } = best.listed();
  for (let i = 0; i < nItems; i++)
    for (let n = 0, k = listed.rowStart[i]; k < listed.rowStart[i + 1]; n++, k++) {
      items[i * count + n] = listed.columns[k];
      weights[i * count + n] = values[k];
    }
  return { count, items, weights };
}
