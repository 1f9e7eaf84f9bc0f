/**
 * EASE — a linear model from items to items with a closed-form solution.
 * Steck: Embarrassingly Shallow Autoencoders for Sparse Data. WWW 2019.
 *
 *   ŷ(u, i) = Σ_{j ∈ S_u} B_ji          min_B ‖X − XB‖² + λ‖B‖²,  diag B = 0
 *   P = (XᵀX + λI)⁻¹          B_ji = −P_ji / P_ii  (j ≠ i)
 *
 * X binary, S_u the items that user u took. For fewer users than items: ease-by-users.ts; which one and where: ease-size.ts. Numbers and limits:
 * docs/models/ease.md.
 */
import { z } from 'zod';
import { availableMemory } from '../core/machine-memory.ts';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { pairSolver } from '../examples/solvers.ts';
import { regularizationOption } from '../layers/options.ts';
import type { Sizes } from '../scoring/scorer.ts';
import { fitByUsers, foldInByUsers, scoreByUsers } from './ease-by-users.ts';
import { type EaseMatrix, easeMatrix, placeOfWeights } from './ease-matrix.ts';
import { solutionFor } from './ease-size.ts';

const options = z.strictObject({
  regularization: regularizationOption
    .positive()
    .max(1e9)
    .default(500)
    .meta({ doc: 'λ; the larger, the less rare items are trusted', search: [50, 100, 200, 300, 500, 1000, 2000] }),
});

/** Columns beside the matrix that a sweep of its inversion works on. */
const SWEPT = 384;

export const ease = pairSolver({
  name: 'ease',
  title: 'EASE',
  paper: {
    authors: 'Steck',
    title: 'Embarrassingly Shallow Autoencoders for Sparse Data',
    venue: 'WWW',
    year: 2019,
  },
  options,
  fit: async (train, sizes, { regularization }, { engine, progress }) => {
    const means = { available: availableMemory(), hasBlas: engine.blas !== null };
    const { side, outside } = solutionFor(train, sizes, means);
    const n = side === 'items' ? sizes.nItems : sizes.nUsers;
    const task = progress.start('ease: inverting the Gram matrix', n, side);
    const matrix = easeMatrix(engine, n, outside);
    const note = outside ? `float32, ${engine.blas?.title}` : undefined;
    const update = (rows: number) => task.update(rows, note);
    try {
      const work = [train, sizes, regularization, update] as const;
      return side === 'items' ? await fitByItems(matrix, ...work) : await fitByUsers(matrix, ...work);
    } finally {
      matrix.free();
      task.end();
    }
  },
  memory: (train, sizes, _, engine) => {
    const { side, outside } = solutionFor(train, sizes, {
      available: availableMemory(),
      hasBlas: engine.blas !== null,
    });
    const n = side === 'items' ? sizes.nItems : sizes.nUsers;
    const nPairs = train.columns.length;
    const takers = 4 * (nPairs + sizes.nUsers) + 8 * n;
    const pairs = 4 * (nPairs + sizes.nUsers) + rankingBytes('history', sizes, nPairs, engine);
    // the weights stand where the matrix was, or beside it; a ranking has a copy of them, or of some at a time
    if (outside) return solverMemory({ ranking: pairs + 2 ** 29 }, { matrix: 4 * n * n, 'takers of items': takers });
    return solverMemory(
      { matrix: 8 * n * (n + SWEPT), ranking: pairs },
      { weights: 4 * n * n, 'takers of items': takers },
    );
  },
  score: (weights, sizes, { regularization }) => {
    const { nItems } = sizes;
    return weights.has('hat')
      ? scoreByUsers(weights, sizes, regularization)
      : { form: 'history', weights: float32Tensor(weights, 'B', [nItems, nItems]), sparse: null };
  },
  foldIn: (weights, sizes, { regularization }, history) => ({
    vector: foldInByUsers(weights, sizes, regularization, history),
    how: 'the item-to-item weights of the given items, added up as for every user',
  }),
});

/**
 * @param matrix zeros, items × items, which may become the weights
 * @param onProgress called with the number of items eliminated so far
 */
export async function fitByItems(
  matrix: EaseMatrix,
  train: SparseRows,
  { nItems }: Sizes,
  regularization: number,
  onProgress: (items: number) => void,
): Promise<NamedTensors> {
  const { values, stride } = matrix;
  visitCoOccurrences(train, nItems, null, (item, counts) => {
    for (let j = item; j < nItems; j++) values[item * stride + j] = counts[j];
    values[item * stride + item] += regularization;
  });
  await matrix.invert(onProgress);
  return new Map([['B', { shape: [nItems, nItems], data: itemWeights(matrix) }]]);
}

/** B_ji = −P_ji / P_ii with zeros on the diagonal, [n × n], from the upper triangle of P. */
function itemWeights(matrix: EaseMatrix): Float32Array {
  const { values: p, stride, n } = matrix;
  const diagonal = Float64Array.from({ length: n }, (_, i) => p[i * stride + i]);
  const b = placeOfWeights(matrix);
  for (let j = 0; j < n; j++) {
    b[j * n + j] = 0;
    for (let i = j + 1; i < n; i++) {
      const value = -p[j * stride + i];
      b[j * n + i] = value / diagonal[i];
      b[i * n + j] = value / diagonal[j];
    }
  }
  return b;
}
