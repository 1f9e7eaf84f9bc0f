/**
 * EASE — a linear model from items to items with a closed-form solution.
 * Steck: Embarrassingly Shallow Autoencoders for Sparse Data. WWW 2019.
 *
 *   ŷ(u, i) = Σ_{j ∈ S_u} B_ji          min_B ‖X − XB‖² + λ‖B‖²,  diag B = 0
 *   P = (XᵀX + λI)⁻¹          B_ji = −P_ji / P_ii  (j ≠ i)
 *
 * X binary, S_u the items that user u took. For catalogues larger than such a matrix can be: ease-by-users.ts. Numbers and limits:
 * docs/models/ease.md.
 */
import { z } from 'zod';
import { availableMemory } from '../core/machine-memory.ts';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { ProgressTask } from '../core/progress.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { SymmetricMatrix } from '../engine/linalg/symmetric-matrix.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { fitByUsers, foldInByUsers, scoreByUsers } from './ease-by-users.ts';
import { solvedSide } from './ease-size.ts';
import { fittedModel, type Sizes } from './model.ts';

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
  fit: (train, sizes, { regularization }, { engine, progress }) => {
    const side = solvedSide(train, sizes, availableMemory());
    const byItems = side === 'items';
    const task = progress.start('ease: inverting the Gram matrix', byItems ? sizes.nItems : sizes.nUsers, side);
    try {
      return byItems
        ? fitByItems(engine, train, sizes, regularization, task)
        : fitByUsers(engine, train, sizes, regularization, task);
    } finally {
      task.end();
    }
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

function fitByItems(
  engine: Engine,
  train: SparseRows,
  { nItems }: Sizes,
  regularization: number,
  task: ProgressTask,
): NamedTensors {
  const matrix = new SymmetricMatrix(engine, nItems);
  try {
    const { values, stride } = matrix;
    visitCoOccurrences(train, nItems, null, (item, counts) => {
      for (let j = item; j < nItems; j++) values[item * stride + j] = counts[j];
      values[item * stride + item] += regularization;
    });
    matrix.invert((rows) => task.update(rows));
    return new Map([['B', { shape: [nItems, nItems], data: itemWeights(values, stride, nItems) }]]);
  } finally {
    matrix.free();
  }
}

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
