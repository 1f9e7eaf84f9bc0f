/** Sums along rows and across the batch, and their opposites: one scalar or one vector in every row. */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { repeatFields } from './interactions.ts';
import { kernelRows, opFamily, referenceRows } from './op.ts';

/** Σ_j a[r, j]·b[r, j], [B, 1]; of two shared matrices [n, m] → [n, 1]. */
export function rowDot(a: Tensor, b: Tensor): Tensor {
  if (a.rows === 'shared' && a.shape.length === 2 && b.rows === 'shared' && a.shape.join() === b.shape.join())
    return new Tensor(reduceOps.rowDot, [a, b], 'shared', [a.shape[0], 1]);
  if (a.rows !== 'batch' || b.rows !== 'batch' || a.size !== b.size)
    throw shapeError('rowDot', 'needs two batch tensors of equal row length, or shared matrices of equal shape', [
      a,
      b,
    ]);
  return new Tensor(reduceOps.rowDot, [a, b], 'batch', [1]);
}

/** Σ_j x[r, j], [B, 1]. */
export function rowSum(x: Tensor): Tensor {
  if (x.rows !== 'batch') throw shapeError('rowSum', 'needs a batch tensor', [x]);
  return new Tensor(reduceOps.rowSum, [x], 'batch', [1]);
}

/** x[r, j] · s[r] with one scalar a row, [B, n] × [B, 1] → [B, n]; of shared matrices [n, m] × [n, 1] → [n, m]. */
export function multiplyColumn(x: Tensor, s: Tensor): Tensor {
  const isColumn = s.shape.length === 2 && s.shape[0] === x.shape[0] && s.shape[1] === 1;
  if (x.rows === 'shared' && x.shape.length === 2 && s.rows === 'shared' && isColumn)
    return new Tensor(reduceOps.multiplyColumn, [x, s], 'shared', x.shape);
  if (x.rows !== 'batch' || s.rows !== 'batch' || s.size !== 1)
    throw shapeError('multiplyColumn', 'needs [B, n] and one scalar a row [B, 1], or shared [n, m] and [n, 1]', [x, s]);
  return new Tensor(reduceOps.multiplyColumn, [x, s], 'batch', x.shape);
}

/** The scalar s[r] in every element of row r, [B, 1] → [B, n]. */
export function repeatColumn(s: Tensor, shape: readonly number[]): Tensor {
  if (s.rows !== 'batch' || s.size !== 1) throw shapeError('repeatColumn', 'needs one scalar a row [B, 1]', [s]);
  return new Tensor(reduceOps.repeatColumn, [s], 'batch', shape);
}

/**
 * Σ_r x[r], batch [B, n] → shared [n]: a sum over the whole batch, whatever the tiles. With groups, the sum over the groups of
 * each row too: [B, groups · n] → [n].
 */
export function sumRows(x: Tensor, groups = 1): Tensor {
  if (x.rows !== 'batch' || x.size % groups !== 0)
    throw shapeError('sumRows', `needs a batch tensor of ${groups} groups`, [x]);
  return new Tensor(reduceOps.sumRows, [x], 'shared', groups === 1 ? x.shape : [x.size / groups], { groups });
}

/** The shared vector w [n] in every row, [B, n]. A view: no copy is made. */
export function broadcastRow(w: Tensor): Tensor {
  if (w.rows !== 'shared' || w.shape.length !== 1) throw shapeError('broadcastRow', 'needs a shared vector [n]', [w]);
  return new Tensor(reduceOps.broadcastRow, [w], 'batch', w.shape);
}

/** The shared scalar s [1] in every element of a batch tensor of shape `shape`. */
export function fillRows(s: Tensor, shape: readonly number[]): Tensor {
  if (s.rows !== 'shared' || s.size !== 1) throw shapeError('fillRows', 'needs a shared scalar [1]', [s]);
  return new Tensor(reduceOps.fillRows, [s], 'batch', shape);
}

export const reduceOps = opFamily({
  rowDot: {
    formula: 'y[r] = Σ_j a[r, j] · b[r, j]',
    derivative: '∂a = dy · b, ∂b = dy · a',
    gradient: (y, dy) => [multiplyColumn(y.inputs[1], dy), multiplyColumn(y.inputs[0], dy)],
    kernel: (y) => {
      const { rows, width } = kernelRows(y.inputs[0]);
      return { opcode: code.ROW_DOT, rows, parameters: [width], operands: [y.inputs[0], y.inputs[1], y] };
    },
    reference: (y, [a, b], rows) => {
      const { rows: length = rows, width: n } = kernelRows(y.inputs[0]);
      return Float64Array.from({ length }, (_, r) => {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += a[r * n + j] * b[r * n + j];
        return sum;
      });
    },
  },
  rowSum: {
    formula: 'y[r] = Σ_j x[r, j]',
    derivative: '∂x[r, j] = dy[r]',
    gradient: (y, dy) => [repeatColumn(dy, y.inputs[0].shape)],
    apart: (_y, { segments, sum }) => sum(segments.map(rowSum)),
    kernel: (y) => ({ opcode: code.ROW_SUM, parameters: [y.inputs[0].size], operands: [y.inputs[0], y] }),
    reference: (y, [x], rows) => {
      const n = y.inputs[0].size;
      return Float64Array.from({ length: rows }, (_, r) => x.subarray(r * n, (r + 1) * n).reduce((s, v) => s + v, 0));
    },
  },
  multiplyColumn: {
    formula: 'y[r, j] = x[r, j] · s[r]',
    derivative: '∂x = dy · s, ∂s[r] = Σ_j dy[r, j] · x[r, j]',
    gradient: (y, dy) => [multiplyColumn(dy, y.inputs[1]), rowDot(dy, y.inputs[0])],
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      return { opcode: code.MUL_COLUMN, rows, parameters: [width], operands: [y.inputs[0], y.inputs[1], y] };
    },
    reference: (y, [x, s]) => x.map((v, k) => v * s[Math.floor(k / kernelRows(y).width)]),
  },
  repeatColumn: {
    formula: 'y[r, j] = s[r]',
    derivative: '∂s[r] = Σ_j dy[r, j]',
    gradient: (_y, dy) => [rowSum(dy)],
    kernel: (y) => ({ opcode: code.REPEAT_COLUMN, parameters: [y.size], operands: [y.inputs[0], y] }),
    reference: (y, [s], rows) => Float64Array.from({ length: rows * y.size }, (_, k) => s[Math.floor(k / y.size)]),
  },
  sumRows: {
    formula: 'y = Σ_r x[r]',
    derivative: '∂x[r] = dy',
    gradient: (y, dy) => {
      const groups = y.attributes.groups as number;
      return [groups === 1 ? broadcastRow(dy) : repeatFields(broadcastRow(dy), groups)];
    },
    kernel: (y) => {
      const parameters = [y.size, y.attributes.groups as number];
      return { opcode: code.SUM_ROWS, parameters, operands: [y.inputs[0], y] };
    },
    blocks: (y) => {
      const [x] = y.inputs;
      const operands = [{ tensor: x, advance: 1 }, { tensor: x }, { tensor: y, advance: 1 }];
      const parameters = [y.size, y.attributes.groups as number];
      return { opcode: code.BATCH_SUM, rows: y.size, multiple: 1, parameters, operands };
    },
    reference: (y, [x], rows) => {
      const sum = new Float64Array(y.size);
      for (let k = 0; k < rows * y.inputs[0].size; k++) sum[k % y.size] += x[k];
      return sum;
    },
    reduction: true,
  },
  broadcastRow: {
    formula: 'y[r] = w for every row r',
    derivative: '∂w = Σ_r dy[r]',
    gradient: (_y, dy) => [sumRows(dy)],
    view: () => ({ offset: 0, stride: 0 }),
    reference: (y, [w], rows) => Float64Array.from({ length: rows * y.size }, (_, k) => w[k % y.size]),
  },
  fillRows: {
    formula: 'y[r, :] = s',
    derivative: '∂s = Σ_r Σ_j dy[r, j]',
    gradient: (_y, dy) => [sumRows(rowSum(dy))],
    kernel: (y) => ({ opcode: code.FILL, parameters: [y.size], operands: [y.inputs[0], y] }),
    reference: (y, [s], rows) => new Float64Array(referenceRows(y, rows) * y.size).fill(s[0]),
  },
});
