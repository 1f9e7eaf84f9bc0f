/** Joining and cutting rows. */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isTable } from './leaves.ts';
import { noGradients, opFamily } from './op.ts';

/** Rows side by side: [B, n₁], [B, n₂], … → [B, Σ n]. */
export function concat(...xs: readonly Tensor[]): Tensor {
  if (xs.length === 0 || xs.some((x) => x.rows !== 'batch')) throw shapeError('concat', 'needs batch tensors', xs);
  const joined = xs.reduce<{ tensor: Tensor | null; width: number }>(
    ({ tensor, width }, x) => ({
      width: width + x.size,
      tensor: tensor ? new Tensor(layoutOps.join, [tensor, x], 'batch', [width + x.size]) : x,
    }),
    { tensor: null, width: 0 },
  );
  return joined.tensor as Tensor;
}

/** Columns [from, to) of every row, [B, n] → [B, to − from]. */
export function slice(x: Tensor, from: number, to: number): Tensor {
  if (x.rows !== 'batch' || from < 0 || to > x.size || from >= to)
    throw new DeepTasteError('shape', `slice: columns [${from}, ${to}) must lie inside the rows of ${x}`);
  return new Tensor(layoutOps.slice, [x], 'batch', [to - from], { from, to });
}

/** Rows of width n that hold x at [from, from + width of x) and zeros elsewhere: the gradient of `slice`. */
export function place(x: Tensor, from: number, width: number): Tensor {
  if (x.rows !== 'batch' || from < 0 || from + x.size > width)
    throw new DeepTasteError('shape', `place: ${x} at column ${from} must fit rows of ${width}`);
  return new Tensor(layoutOps.place, [x], 'batch', [width], { from });
}

/** The rows as they are, taken as constants: no gradient flows through. A view: no copy is made. */
export function stopGradient(x: Tensor): Tensor {
  if (x.rows !== 'batch') throw shapeError('stopGradient', 'needs a batch tensor', [x]);
  return new Tensor(layoutOps.stopGradient, [x], 'batch', x.shape);
}

/** Rows [from, to) of a shared matrix, [n, m] → [to − from, m]. A view: no copy is made. */
export function matrixRows(w: Tensor, from: number, to: number): Tensor {
  if (w.rows !== 'shared' || w.shape.length !== 2 || from < 0 || to > w.shape[0] || from >= to)
    throw new DeepTasteError('shape', `matrixRows: rows [${from}, ${to}) must lie inside a shared matrix, got ${w}`);
  return new Tensor(layoutOps.matrixRows, [w], 'shared', [to - from, w.shape[1]], { from });
}

/** The same numbers in another shape, shared. A view: no copy is made. */
export function reshaped(x: Tensor, shape: readonly number[]): Tensor {
  if (x.rows !== 'shared' || isTable(x) || shape.reduce((product, n) => product * n, 1) !== x.size)
    throw shapeError('reshaped', `needs a shared tensor of as many numbers as [${shape.join(', ')}] has`, [x]);
  return new Tensor(layoutOps.reshaped, [x], 'shared', shape);
}

/** A shared matrix of n rows that holds w from row `from` on and zeros elsewhere: the gradient of `matrixRows`. */
function placeRows(w: Tensor, from: number, n: number): Tensor {
  return new Tensor(layoutOps.placeRows, [w], 'shared', [n, w.shape[1]], { from });
}

export const layoutOps = opFamily({
  reshaped: {
    formula: 'y = x, in another shape',
    derivative: '∂x = dy, in the shape of x',
    gradient: (y, dy) => [reshaped(dy, y.inputs[0].shape)],
    view: (y) => ({ offset: 0, stride: y.shape[y.shape.length - 1] ?? 1 }),
    reference: (_y, [x]) => x,
  },
  join: {
    formula: 'y = (a, b)',
    derivative: '∂a = dy[0 … |a|), ∂b = dy[|a| … |a| + |b|)',
    joins: true,
    gradient: (y, dy) => [slice(dy, 0, y.inputs[0].size), slice(dy, y.inputs[0].size, y.size)],
    kernel: (y) => ({
      opcode: code.JOIN,
      parameters: [y.inputs[0].size, y.inputs[1].size],
      operands: [...y.inputs, y],
    }),
    reference: (y, [a, b], rows) => {
      const [n, m] = y.inputs.map((x) => x.size);
      const out = new Float64Array(rows * (n + m));
      for (let r = 0; r < rows; r++) {
        out.set(a.subarray(r * n, (r + 1) * n), r * (n + m));
        out.set(b.subarray(r * m, (r + 1) * m), r * (n + m) + n);
      }
      return out;
    },
  },
  slice: {
    formula: 'y = x[from … to)',
    derivative: '∂x = dy placed at `from`, zeros elsewhere',
    gradient: (y, dy) => [place(dy, y.attributes.from as number, y.inputs[0].size)],
    view: (y, stride) => ({ offset: y.attributes.from as number, stride }),
    reference: (y, [x], rows) => {
      const { from, to } = y.attributes as { from: number; to: number };
      const n = y.inputs[0].size;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) out.set(x.subarray(r * n + from, r * n + to), r * y.size);
      return out;
    },
  },
  stopGradient: {
    formula: 'y = x',
    derivative: 'none: x counts as a constant',
    gradient: noGradients,
    view: (_, stride) => ({ offset: 0, stride }),
    reference: (_, [x]) => x,
  },
  place: {
    formula: 'y = 0, y[from … from + |x|) = x',
    derivative: '∂x = dy[from … from + |x|)',
    gradient: (y, dy) => {
      const from = y.attributes.from as number;
      return [slice(dy, from, from + y.inputs[0].size)];
    },
    kernel: (y) => ({
      opcode: code.PLACE,
      parameters: [y.size, y.inputs[0].size, y.attributes.from as number],
      operands: [y.inputs[0], y],
    }),
    reference: (y, [x], rows) => {
      const n = y.inputs[0].size;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++)
        out.set(x.subarray(r * n, (r + 1) * n), r * y.size + (y.attributes.from as number));
      return out;
    },
  },
  matrixRows: {
    formula: 'y = W[from … to)',
    derivative: '∂W = dy placed at row `from`, zeros elsewhere',
    gradient: (y, dy) => [placeRows(dy, y.attributes.from as number, y.inputs[0].shape[0])],
    view: (y, stride) => ({ offset: (y.attributes.from as number) * stride, stride }),
    reference: (y, [w]) => {
      const start = (y.attributes.from as number) * y.shape[1];
      return w.slice(start, start + y.size);
    },
  },
  placeRows: {
    formula: 'y = 0, y[from … from + rows of W) = W',
    derivative: '∂W = dy[from … from + rows of W)',
    gradient: (y, dy) => {
      const from = y.attributes.from as number;
      return [matrixRows(dy, from, from + y.inputs[0].shape[0])];
    },
    kernel: (y) => {
      const [w] = y.inputs;
      const parameters = [y.size, w.size, (y.attributes.from as number) * y.shape[1]];
      return { opcode: code.PLACE, rows: 1, parameters, operands: [w, y] };
    },
    reference: (y, [w]) => {
      const out = new Float64Array(y.size);
      out.set(w, (y.attributes.from as number) * y.shape[1]);
      return out;
    },
  },
});
