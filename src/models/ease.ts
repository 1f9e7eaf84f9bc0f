/**
 * EASE — a linear model from items to items with a closed-form solution.
 * Steck: Embarrassingly Shallow Autoencoders for Sparse Data. WWW 2019.
 *
 *   ŷ(u, i) = Σ_{j ∈ S_u} B_ji          min_B ‖X − XB‖² + λ‖B‖²,  diag B = 0
 *   P = (XᵀX + λI)⁻¹          B_ji = −P_ji / P_ii  (j ≠ i)
 *
 * X binary, S_u the items that user u took. Numbers and limits: docs/models/ease.md.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import { SymmetricMatrix } from '../engine/linalg/symmetric-matrix.ts';
import { fittedModel } from './model.ts';

/** n² float64 values must fit into WebAssembly's 4 GiB, with working memory beside them. */
const MAX_ITEMS = 22_000;

const options = z.strictObject({
  regularization: z
    .number()
    .positive()
    .max(1e9)
    .default(500)
    .meta({ doc: 'λ; the larger, the less rare items are trusted', search: [50, 100, 200, 300, 500, 1000, 2000] }),
});

export const ease = fittedModel({
  name: 'ease',
  title: 'EASE',
  paper: {
    authors: 'Steck',
    title: 'Embarrassingly Shallow Autoencoders for Sparse Data',
    venue: 'WWW',
    year: 2019,
  },
  options,
  fit: (train, { nItems }, { regularization }, { engine, progress }) => {
    if (nItems > MAX_ITEMS)
      throw new DeepTasteError(
        'memory',
        `ease: the catalogue must hold at most ${MAX_ITEMS} items, because the model is a dense items × items matrix, ` +
          `found ${nItems}; keep only the more popular items (k-core), or use item-knn or ials`,
        { nItems },
      );
    const matrix = new SymmetricMatrix(engine, nItems);
    const task = progress.start('ease: inverting the Gram matrix', nItems, 'items');
    try {
      const { values, stride } = matrix;
      visitCoOccurrences(train, nItems, null, (item, counts) => {
        for (let j = item; j < nItems; j++) values[item * stride + j] = counts[j];
        values[item * stride + item] += regularization;
      });
      matrix.invert((rows) => task.update(rows));
      return new Map([['B', { shape: [nItems, nItems], data: itemWeights(values, stride, nItems) }]]);
    } finally {
      task.end();
      matrix.free();
    }
  },
  score: (weights, { nItems }) => ({
    form: 'history',
    weights: float32Tensor(weights, 'B', [nItems, nItems]),
    sparse: null,
  }),
});

/** B_ji = −P_ji / P_ii with zeros on the diagonal, [n × n], from the upper triangle of P. */
function itemWeights(p: Float64Array, stride: number, n: number): Float32Array {
  const b = new Float32Array(n * n);
  for (let j = 0; j < n; j++)
    for (let i = j + 1; i < n; i++) {
      const value = -p[j * stride + i];
      b[j * n + i] = value / p[i * stride + i];
      b[i * n + j] = value / p[j * stride + j];
    }
  return b;
}
