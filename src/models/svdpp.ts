/**
 * SVD++ — biased matrix factorisation that also looks at which items somebody rated.
 * Koren: Factorization Meets the Neighborhood: a Multifaceted Collaborative Filtering Model. KDD 2008, §4 (eq. 15).
 *
 *   r̂(u, i) = μ + b_u + b_i + q_iᵀ ( p_u + |N(u)|^(−1/2) Σ_{j ∈ N(u)} y_j )
 *
 * N(u) are the items that u rated in training, the item that is predicted among them where it is one of these. The sums of all users are a
 * product of a sparse matrix with Y, once a step. By mini-batches with Adam; numbered differences: docs/models/svdpp.md.
 */
import { z } from 'zod';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { add, gatherRows, lookup, type SparseMatrix, sparseMatrix, sparseProduct } from '../engine/ops/index.ts';
import type { TrainingDefaults, TrainingSizes } from '../examples/model.ts';
import { ratingModel } from '../examples/ratings.ts';
import { normal } from '../layers/initializer.ts';
import type { FoldedIn, Sizes } from '../scoring/scorer.ts';
import { biasedDot, factorDeclarations, factorOptions } from './biased-mf.ts';

const options = z.strictObject({
  ...factorOptions,
  implicitRegularization: z
    .number()
    .min(0)
    .default(0.003)
    .meta({
      doc: 'weight of ½‖Y‖² in the loss of every step; optimizer.l2 is for all else',
      search: [0.001, 0.003, 0.01],
    }),
});

/** Row u holds |N(u)|^(−1/2) in the columns of N(u); shared with TrustSVD, as what follows is. */
export function normalised({ nRows, rowStart, columns }: SparseRows, nColumns: number): SparseMatrix {
  const values = new Float32Array(columns.length);
  for (let u = 0; u < nRows; u++)
    values.fill(1 / Math.sqrt(rowStart[u + 1] - rowStart[u]), rowStart[u], rowStart[u + 1]);
  return { nRows, nColumns, rowStart, columns, values };
}

/** Of N ratings the power of two nearest to N / 80, from 256 on: a step costs N products, so an epoch has some 80 of them. */
export function batchFor({ nInteractions }: TrainingSizes): TrainingDefaults {
  return { batchSize: 2 ** Math.max(8, Math.min(20, Math.round(Math.log2(Math.max(1, nInteractions) / 80)))) };
}

/** The user parts of somebody new: |H|^(−1/2) Σ_{j ∈ H} y_j of the items H that are given, and no bias. */
export function sumOfItems(
  weights: NamedTensors,
  { nItems }: Sizes,
  { factors }: { readonly factors: number },
  history: Int32Array,
): FoldedIn {
  const Y = float32Tensor(weights, 'Y', [nItems, factors]);
  const vector = new Float32Array(factors + 1);
  for (let k = 0; k < factors; k++) {
    let sum = 0;
    for (const item of history) sum += Y[item * factors + k];
    vector[k] = sum / Math.sqrt(history.length);
  }
  return { vector, how: 'by which items were taken; no rating of the person is known' };
}

export const svdpp = ratingModel({
  name: 'svdpp',
  title: 'SVD++',
  paper: {
    authors: 'Koren',
    title: 'Factorization Meets the Neighborhood: a Multifaceted Collaborative Filtering Model',
    venue: 'KDD',
    year: 2008,
  },
  options,
  trainingDefaults: { optimizer: { learningRate: 0.002, l2: 0.2 } },
  defaultsForData: batchFor,
  parameters: (config, sizes) => [
    ...factorDeclarations(config, sizes),
    { name: 'Y', shape: [sizes.nItems, config.factors], initializer: normal(config.deviation) },
  ],
  l2: ({ implicitRegularization }, parameter) => (parameter === 'Y' ? implicitRegularization : null),
  constants: ({ rows, sizes }) => ({ N: sparseMatrix('N', normalised(rows, sizes.nItems)) }),
  userParts: ({ P, userBias, Y, N }, user) => [
    add(lookup(P, user), gatherRows(sparseProduct(N, Y), user)),
    lookup(userBias, user),
  ],
  itemParts: ({ Q, itemBias }, item) => [lookup(Q, item), lookup(itemBias, item)],
  score: (_, user, item) => biasedDot(user, item),
  foldInByItems: (weights, sizes, config, history) => sumOfItems(weights, sizes, config, history),
});
