/**
 * iALS — matrix factorisation of implicit feedback by alternating least squares.
 * Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets. ICDM 2008; the objective and its scaled
 * regularization follow Rendle, Krichene, Zhang, Koren: Revisiting the Performance of iALS on Item Recommendation Benchmarks.
 * RecSys 2022.
 *
 *   ŷ(u, i) = w_uᵀ h_i
 *   min Σ_{(u,i) ∈ S} c_ui (ŷ(u, i) − 1)²  +  α₀ Σ_{u,i} ŷ(u, i)²  +  Σ_u λ_u ‖w_u‖²  +  Σ_i λ_i ‖h_i‖²
 *   λ_u = λ (Σ_i c_ui + α₀ n_items)^ν          λ_i = λ (Σ_u c_ui + α₀ n_users)^ν
 *   c_ui = 1 + α r_ui with r the rating or count of the pair (confidence), 1 by default
 *
 * For fixed h every w_u is an exact ridge regression, and the other way round:
 *   w_u = ( Σ_{i ∈ S_u} c_ui h_i h_iᵀ + α₀ HᵀH + λ_u I )⁻¹ Σ_{i ∈ S_u} c_ui h_i
 * HᵀH is made once for all users. Numbers and differences: docs/models/ials.md.
 */
import { z } from 'zod';
import { assert, DeepTasteError } from '../core/errors.ts';
import { float32Tensor, float64Tensor } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import { choleskyFactor, solveFactored } from '../engine/linalg/cholesky.ts';
import { RidgeRows } from '../engine/linalg/ridge-rows.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { pairSolver } from '../examples/solvers.ts';
import { factorsOption, regularizationOption } from '../layers/options.ts';
import { confidenceOf, pairWeights, transposedValues } from './confidence.ts';

const options = z.strictObject({
  factors: factorsOption
    .max(2048)
    .default(64)
    .meta({ doc: 'd, length of the user and item vectors', search: [16, 32, 64, 128, 256] }),
  epochs: z.int().min(1).max(1000).default(16).meta({ doc: 'times that all users and then all items are solved' }),
  unobservedWeight: z
    .number()
    .positive()
    .max(1e6)
    .default(0.1)
    .meta({
      doc: 'α₀, weight of the pairs that were not observed; an observed pair weighs 1',
      search: [0.03, 0.1, 0.3, 1],
    }),
  confidence: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .meta({
      doc: 'α, an observed pair weighs 1 + α · its rating or count; 0 = ratings are not used, each pair weighs 1',
      search: [0, 0.1, 1, 10, 40],
      needs: 'values',
    }),
  confidenceScale: z.enum(['linear', 'log']).default('linear').meta({
    doc: "with confidence: the rating or count r as it is, or ln(1 + r) ('log') for counts that differ by much",
  }),
  regularization: regularizationOption
    .positive()
    .max(1e6)
    .default(0.003)
    .meta({ doc: 'λ, weight of the squared norms of the vectors', search: [0.001, 0.003, 0.01, 0.03, 0.1] }),
  exponent: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .meta({ doc: 'ν; 1 scales λ by the weight of the data of a row, 0 not at all', search: [0, 0.5, 1] }),
  deviation: z
    .number()
    .positive()
    .max(1e3)
    .default(0.1)
    .meta({ doc: 'standard deviation of the start values, divided by √d' }),
});

type Options = z.output<typeof options>;

export const ials = pairSolver({
  name: 'ials',
  title: 'iALS',
  paper: {
    authors: 'Hu, Koren, Volinsky',
    title: 'Collaborative Filtering for Implicit Feedback Datasets',
    venue: 'ICDM',
    year: 2008,
  },
  options,
  fit: (train, { nUsers, nItems }, config, { engine, random, progress, values = null }) => {
    const weights = pairWeights(values, config);
    const { factors: d, epochs } = config;
    const ridge = new RidgeRows(engine, d);
    const task = progress.start('ials', epochs, 'epochs');
    try {
      const byItem = transposeRows(train, nItems);
      const [w, h] = [ridge.table(nUsers), ridge.table(nItems)];
      const byItemWeights = weights && transposedValues(train, weights, nItems);
      const users = ridge.target(w, train, penalties(train, weights, nItems, config), weights);
      const items = ridge.target(h, byItem, penalties(byItem, byItemWeights, nUsers, config), byItemWeights);
      startValues(ridge.values(h), d, config.deviation, random.child('H'));
      for (let epoch = 1; epoch <= epochs; epoch++) {
        ridge.solve(users, h, scaled(ridge.gram(h), config.unobservedWeight));
        ridge.solve(items, w, scaled(ridge.gram(w), config.unobservedWeight));
        task.update(epoch);
      }
      // the last users are solved for the last items, so that a fold-in of a user's items gives that user's vector
      const gram = ridge.gram(h);
      ridge.solve(users, h, scaled(gram.slice(), config.unobservedWeight));
      return new Map([
        ['W', { shape: [nUsers, d], data: ridge.values(w).slice() }],
        ['H', { shape: [nItems, d], data: ridge.values(h).slice() }],
        ['gram', { shape: [d, d], data: gram }],
      ]);
    } finally {
      task.end();
      ridge.free();
    }
  },
  memory: (train, sizes, { factors, confidence }, engine) => {
    const { nUsers, nItems } = sizes;
    const nPairs = train.columns.length;
    const stride = Math.ceil(factors / 4) * 4;
    const vectors = 4 * factors * (nUsers + nItems);
    return solverMemory(
      {
        vectors,
        // who took what, from either side, with weights in float64 where there are some
        pairs: nPairs * (confidence > 0 ? 24 : 8) + 12 * (nUsers + nItems),
        'systems to solve': 8 * stride * stride * (9 + engine.threads),
        ranking: rankingBytes('dot', sizes, nPairs, engine),
      },
      { 'copies of the vectors': vectors, 'takers of items': nPairs * (confidence > 0 ? 20 : 4) + 4 * nItems },
    );
  },
  score: (weights, { nUsers, nItems }, { factors }) => ({
    form: 'dot',
    users: float32Tensor(weights, 'W', [nUsers, factors]),
    items: float32Tensor(weights, 'H', [nItems, factors]),
    width: factors,
  }),
  foldIn: (weights, { nItems }, config, history) => {
    const h = float32Tensor(weights, 'H', [nItems, config.factors]);
    const gram = float64Tensor(weights, 'gram', [config.factors, config.factors]);
    return {
      vector: solveUser(h, scaled(gram.slice(), config.unobservedWeight), new Set(history), nItems, config),
      how:
        history.length === 0
          ? 'no items were given, so every item scores 0'
          : "the exact ridge regression of the given items on the item vectors, the step that made the trained users' vectors",
    };
  },
});

/** λ (Σ c + α₀ · other)^ν for every row; `other` is the number of columns. */
function penalties(rows: SparseRows, weights: Float64Array | null, other: number, config: Options): Float64Array {
  const values = new Float64Array(rows.nRows);
  for (let r = 0; r < rows.nRows; r++) {
    const [from, to] = [rows.rowStart[r], rows.rowStart[r + 1]];
    const taken = weights ? weights.subarray(from, to).reduce((sum, weight) => sum + weight, 0) : to - from;
    values[r] = penalty(taken, other, config);
  }
  return values;
}

function penalty(taken: number, other: number, { regularization, unobservedWeight, exponent }: Options): number {
  return regularization * (taken + unobservedWeight * other) ** exponent;
}

/** Normal with standard deviation σ / √d, so that the start scores do not grow with d. */
function startValues(values: Float32Array, d: number, deviation: number, random: RandomStream): void {
  const scale = deviation / Math.sqrt(d);
  for (let k = 0; k < values.length; k++) values[k] = scale * random.normal();
}

function scaled(matrix: Float64Array, factor: number): Float64Array {
  for (let k = 0; k < matrix.length; k++) matrix[k] *= factor;
  return matrix;
}

/** w_u for one user. @param a α₀ HᵀH, overwritten */
function solveUser(
  h: Float32Array,
  a: Float64Array,
  taken: Set<number>,
  nItems: number,
  config: Options,
): Float32Array {
  const d = config.factors;
  const b = new Float64Array(d);
  // what is not said how often, counts once
  const weight = config.confidence === 0 ? 1 : confidenceOf(1, config);
  for (const item of taken) {
    assert(item >= 0 && item < nItems, `ials: item ${item} of a history is not one of ${nItems}`);
    for (let i = 0; i < d; i++) {
      const x = weight * h[item * d + i];
      b[i] += x;
      for (let j = i; j < d; j++) a[i * d + j] += x * h[item * d + j];
    }
  }
  for (let i = 0; i < d; i++) a[i * d + i] += penalty(weight * taken.size, nItems, config);
  if (choleskyFactor(a, d) >= 0)
    throw new DeepTasteError(
      'numeric',
      'ials: the system of a new person is not positive definite; raise "regularization"',
    );
  solveFactored(a, d, b);
  return Float32Array.from(b);
}
