/**
 * LightGCN — embeddings of users and items, averaged over their neighbourhoods in the graph of who took what.
 * He, Deng, Wang, Li, Zhang, Wang: LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation. SIGIR 2020.
 *
 *   Â = D^−½ A D^−½,  A = [w S, R; Rᵀ, 0]      E⁽ᵏ⁺¹⁾ = Â E⁽ᵏ⁾          e = (e⁽⁰⁾ + … + e⁽ᴷ⁾) / (K + 1)
 *   ŷ(u, i) = e_uᵀ e_i, or that of the two at unit length          loss = −ln σ( ŷ(u, i) − ŷ(u, j) ) + ½ λ ( ‖e_u⁽⁰⁾‖² + ‖e_i⁽⁰⁾‖² + ‖e_j⁽⁰⁾‖² )          j not taken by u
 *
 * S: who knows whom, both ways; w = 0 is the paper, without S. Only E⁽⁰⁾ is learned. The whole graph is propagated forward and backward in every step. Numbers: docs/models/lightgcn.md.
 */
import { z } from 'zod';
import { mutualFriends } from '../data/social/friends.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  gatherRows,
  markedRows,
  matrixRows,
  propagate,
  rowDot,
  sparseMatrix,
} from '../engine/ops/index.ts';
import { pairModel } from '../examples/pairs.ts';
import { normal } from '../layers/initializer.ts';
import { normalisedAdjacency } from '../layers/interaction-graph.ts';
import { deviationOption, factorsOption, regularizationOption } from '../layers/options.ts';
import { unitRows } from '../layers/unit-rows.ts';
import type { TrainingRow } from '../scoring/pair-scorer.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] }),
  layers: z
    .int()
    .min(0)
    .max(16)
    .default(3)
    .meta({ doc: 'K, how many edges far vectors are propagated; 0 = matrix factorisation', search: [1, 2, 3, 4] }),
  regularization: regularizationOption
    .max(1e3)
    .default(1e-4)
    .meta({
      doc: 'λ, weight of ½‖e⁽⁰⁾‖² of the user and the two items of an example',
      search: [1e-6, 1e-5, 1e-4, 1e-3],
    }),
  deviation: deviationOption.default(0.1),
  similarity: z.enum(['dot', 'cosine']).default('dot').meta({
    doc: 'dot: of the propagated vectors as they are; cosine: of these at unit length, for softmax losses with a temperature',
  }),
  socialWeight: z
    .number()
    .min(0)
    .max(1e3)
    .default(0)
    .meta({
      doc: 'w, weight of an edge between two friends beside 1 of a taken pair; 0 = the graph knows no friends',
      search: [0, 0.1, 0.3, 1, 3],
      needs: 'friends',
    }),
});

export const lightgcn = pairModel({
  name: 'lightgcn',
  title: 'LightGCN',
  paper: {
    authors: 'He, Deng, Wang, Li, Zhang, Wang',
    title: 'LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation',
    venue: 'SIGIR',
    year: 2020,
  },
  options,
  loss: 'pairwise',
  trainingDefaults: {
    epochs: 1000,
    batchSize: 2048,
    negatives: 1,
    positives: 'by-user',
    patience: 50,
    optimizer: { learningRate: 0.001 },
  },
  parameters: ({ factors, deviation }, { nUsers, nItems }) => [
    // users, then items: the nodes of the graph
    { name: 'E', shape: [nUsers + nItems, factors], nodes: true, initializer: normal(deviation) },
  ],
  usesFriends: ({ socialWeight }) => socialWeight > 0,
  constants: ({ rows, sizes, friends }, { socialWeight: weight }) => {
    const social = weight > 0 && friends ? { friends: mutualFriends(friends), weight } : undefined;
    return { graph: sparseMatrix('graph', normalisedAdjacency(rows, sizes.nItems, social), { symmetric: true }) };
  },
  shared: ({ E, graph }, { layers }, { nUsers, nItems }, row) => {
    const propagated = layers === 0 ? E : propagate(graph, E, layers, { wanted: row && nodesOf(row, nUsers, nItems) });
    return {
      users: matrixRows(propagated, 0, nUsers),
      items: matrixRows(propagated, nUsers, nUsers + nItems),
      firstUsers: matrixRows(E, 0, nUsers),
      firstItems: matrixRows(E, nUsers, nUsers + nItems),
    };
  },
  userParts: ({ users }, user, { similarity }) => [asCompared(gatherRows(users, user), similarity)],
  itemParts: ({ items }, item, { similarity }) => [asCompared(gatherRows(items, item), similarity)],
  score: (_, [u], [i]) => rowDot(u, i),
  represent: (_, [user], [item]) => ({ user, item }),
  overItems: ({ items }, [user], { similarity }) => ({ user, items: asCompared(items, similarity) }),
  penalty: ({ firstUsers, firstItems }, { user, item, others }, { regularization }) => {
    const rows = [gatherRows(firstUsers, user), ...[item, ...others].map((index) => gatherRows(firstItems, index))];
    return affine(rows.map((row) => rowDot(row, row)).reduce(add), regularization / 2);
  },
  // A node n that is added to the graph with edges to S and e⁽⁰⁾ = 0; the layers of the items stay those of the training:
  //   e_n = 1/(K + 1) Σ_{i ∈ S} (e_i⁽⁰⁾ + … + e_i⁽ᴷ⁻¹⁾) / √(|S| (d_i + 1))
  foldIn: ({ E, graph }, item, { layers, factors, similarity }, { rows, sizes: { nUsers, nItems } }) => {
    if (layers === 0) return null;
    const before = layers === 1 ? E : propagate(graph, E, layers - 1);
    const items = gatherRows(matrixRows(before, nUsers, nUsers + nItems), item);
    const degree = new Int32Array(nItems);
    for (const i of rows.columns) degree[i]++;
    return {
      item: affine(items, layers / (layers + 1)),
      vectorOf: (values, history) => {
        const vector = new Float64Array(factors);
        for (const i of history) {
          const weight = 1 / Math.sqrt(history.length * (degree[i] + 1));
          for (let k = 0; k < factors; k++) vector[k] += weight * values[i * factors + k];
        }
        const length = similarity === 'cosine' ? Math.hypot(...vector) || 1 : 1;
        return Float32Array.from(vector, (x) => x / length);
      },
      how: 'a new node of the graph with edges to the given items, reached from them as trained users are',
    };
  },
});

/** Vectors as their dot product is to compare them. */
function asCompared(vectors: Tensor, similarity: 'dot' | 'cosine'): Tensor {
  return similarity === 'cosine' ? unitRows(vectors) : vectors;
}

/** The nodes of a batch, which are all that its loss reads of what is propagated. */
function nodesOf({ user, item, others }: TrainingRow, nUsers: number, nItems: number): Tensor {
  const items = [item, ...others].map((index) => ({ index, first: nUsers, count: nItems }));
  return markedRows([{ index: user, first: 0, count: nUsers }, ...items], nUsers + nItems);
}
