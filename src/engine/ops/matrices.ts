/**
 * Products of shared matrices, matrices side by side, and corrupted copies. The matrices are values of a step, such as the embeddings of all
 * users, not rows of its batch; what is done row by row with them (`rowDot`, `multiplyColumn`) stands in reduce.ts.
 */

import { philox } from '../../core/random.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { packed, product, productCall, transpose } from './linear.ts';
import { opFamily } from './op.ts';

const isMatrix = ({ rows, shape }: Tensor): boolean => rows === 'shared' && shape.length === 2;

/** X W, shared [n, k] × [k, m] → [n, m]. Every row is computed by itself. */
export function matrixProduct(x: Tensor, w: Tensor): Tensor {
  if (!isMatrix(x) || !isMatrix(w) || x.shape[1] !== w.shape[0])
    throw shapeError('matrixProduct', 'needs two shared matrices [n, k] and [k, m]', [x, w], 'transpose W?');
  return new Tensor(matrixOps.matrixProduct, [x, packed(w), w], 'shared', [x.shape[0], w.shape[1]]);
}

/** The columns of two shared matrices side by side, [n, k] and [n, m] → [n, k + m]. */
export function joinColumns(a: Tensor, b: Tensor): Tensor {
  if (!isMatrix(a) || !isMatrix(b) || a.shape[0] !== b.shape[0])
    throw shapeError('joinColumns', 'needs two shared matrices of as many rows', [a, b]);
  return new Tensor(matrixOps.joinColumns, [a, b], 'shared', [a.shape[0], a.shape[1] + b.shape[1]]);
}

/** A copy of the columns [from, to) of a shared matrix, [n, m] → [n, to − from]. */
export function matrixColumns(w: Tensor, from: number, to: number): Tensor {
  if (!isMatrix(w) || from < 0 || to > w.shape[1] || from >= to)
    throw shapeError('matrixColumns', `needs a shared matrix with the columns [${from}, ${to})`, [w]);
  return new Tensor(matrixOps.matrixColumns, [w], 'shared', [w.shape[0], to - from], { from });
}

/** A shared matrix of `width` columns that holds w from column `from` on and zeros elsewhere: the gradient of `matrixColumns`. */
function placeColumns(w: Tensor, from: number, width: number): Tensor {
  return new Tensor(matrixOps.placeColumns, [w], 'shared', [w.shape[0], width], { from });
}

/**
 * A corrupted copy of a shared matrix [n, m]: row r is row (r + s) mod n, with s drawn evenly from 1 … n − 1 in every step, so that
 * each row is another one, any other with the same probability. With `columns` the columns are moved likewise, by 1 … m − 1. What is
 * drawn is a function of (key, epoch, step) alone.
 * @param key of a random stream of its own
 */
export function rotated(x: Tensor, key: readonly [number, number], { columns = false } = {}): Tensor {
  if (!isMatrix(x)) throw shapeError('rotated', 'needs a shared matrix', [x]);
  return rotation(x, { key0: key[0], key1: key[1], columns, back: false });
}

interface Rotation {
  readonly key0: number;
  readonly key1: number;
  readonly columns: boolean;
  readonly back: boolean;
}

const rotation = (x: Tensor, given: Rotation): Tensor =>
  new Tensor(matrixOps.rotated, [x], 'shared', x.shape, { ...given });

/** By how much rows and columns move in step 0 of epoch 0. */
function firstShifts(y: Tensor): readonly [number, number] {
  const { key0, key1, columns, back } = y.attributes as unknown as Rotation;
  const [draws, [n, m]] = [philox([0, 0, 0, 5], [key0, key1], new Uint32Array(4)), y.shape];
  const shift = (draw: number, size: number): number => {
    const by = size < 2 ? 0 : 1 + (draw % (size - 1));
    return back ? (size - by) % size : by;
  };
  return [shift(draws[0], n), columns ? shift(draws[1], m) : 0];
}

export const matrixOps = opFamily({
  matrixProduct: {
    formula: 'y = X W',
    derivative: '∂X = dy Wᵀ, ∂W = Xᵀ dy',
    gradient: (y, dy) => {
      const [x, , w] = y.inputs;
      return [matrixProduct(dy, transpose(w)), null, matrixProduct(transpose(x), dy)];
    },
    kernel: (y) => {
      const [x, , w] = y.inputs;
      return { ...productCall(y, x, w, null, 0, 1), rows: y.shape[0] };
    },
    reference: (y, [x, , w]) => product(x, w, y.shape[0], y.inputs[2].shape[0], y.shape[1]),
  },
  joinColumns: {
    formula: 'y[r] = (a[r], b[r])',
    derivative: '∂a = dy[0 … k), ∂b = dy[k … k + m) of every row',
    gradient: (y, dy) => {
      const [[, k], [, width]] = [y.inputs[0].shape, y.shape];
      return [matrixColumns(dy, 0, k), matrixColumns(dy, k, width)];
    },
    kernel: (y) => ({
      opcode: code.JOIN,
      rows: y.shape[0],
      parameters: y.inputs.map(({ shape }) => shape[1]),
      operands: [...y.inputs, y],
    }),
    reference: (y, [a, b]) => {
      const [k, m] = y.inputs.map(({ shape }) => shape[1]);
      return Float64Array.from({ length: y.size }, (_, at) => {
        const [r, c] = [Math.floor(at / (k + m)), at % (k + m)];
        return c < k ? a[r * k + c] : b[r * m + c - k];
      });
    },
  },
  matrixColumns: {
    formula: 'y[r] = w[r, from … to)',
    derivative: '∂w[r] = dy[r] placed at `from`, zeros elsewhere',
    gradient: (y, dy) => [placeColumns(dy, y.attributes.from as number, y.inputs[0].shape[1])],
    kernel: (y) => ({
      opcode: code.COPY,
      rows: y.shape[0],
      parameters: [y.shape[1], y.attributes.from as number],
      operands: [y.inputs[0], y],
    }),
    reference: (y, [w]) => {
      const [, m] = y.inputs[0].shape;
      const from = y.attributes.from as number;
      return Float64Array.from({ length: y.size }, (_, at) => {
        const [r, c] = [Math.floor(at / y.shape[1]), at % y.shape[1]];
        return w[r * m + from + c];
      });
    },
  },
  placeColumns: {
    formula: 'y[r] = 0, y[r, from … from + columns of w) = w[r]',
    derivative: '∂w[r] = dy[r, from … from + columns of w)',
    gradient: (y, dy) => {
      const from = y.attributes.from as number;
      return [matrixColumns(dy, from, from + y.inputs[0].shape[1])];
    },
    kernel: (y) => ({
      opcode: code.PLACE,
      rows: y.shape[0],
      parameters: [y.shape[1], y.inputs[0].shape[1], y.attributes.from as number],
      operands: [y.inputs[0], y],
    }),
    reference: (y, [w]) => {
      const [, m] = y.inputs[0].shape;
      const [out, from] = [new Float64Array(y.size), y.attributes.from as number];
      for (let at = 0; at < w.length; at++) out[Math.floor(at / m) * y.shape[1] + from + (at % m)] = w[at];
      return out;
    },
  },
  rotated: {
    formula: 'y[r, j] = x[(r + s) mod n, (j + t) mod m], s and t from (key, epoch, step)',
    derivative: '∂x[(r + s) mod n, (j + t) mod m] = dy[r, j]',
    gradient: (y, dy) => {
      const given = y.attributes as unknown as Rotation;
      return [rotation(dy, { ...given, back: !given.back })];
    },
    kernel: (y) => {
      const { key0, key1, columns, back } = y.attributes as unknown as Rotation;
      const parameters = [y.shape[1], key0 | 0, key1 | 0, columns ? 1 : 0, back ? 1 : 0];
      return { opcode: code.ROTATE, rows: y.shape[0], parameters, operands: [y.inputs[0], y] };
    },
    reference: (y, [x]) => {
      const [[n, m], [s, t]] = [y.shape, firstShifts(y)];
      return Float64Array.from({ length: n * m }, (_, k) => x[((Math.floor(k / m) + s) % n) * m + (((k % m) + t) % m)]);
    },
  },
});
