/** Joining and cutting rows. */
import { DeepTasteError } from '../../core/errors.ts';
import { type LayoutName, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { OpDefinition } from './op.ts';

/** Rows side by side: [B, n₁], [B, n₂], … → [B, Σ n]. */
export function concat(...xs: readonly Tensor[]): Tensor {
  if (xs.length === 0 || xs.some((x) => x.rows !== 'batch')) throw shapeError('concat', 'needs batch tensors', xs);
  const joined = xs.reduce<{ tensor: Tensor | null; width: number }>(
    ({ tensor, width }, x) => ({
      width: width + x.size,
      tensor: tensor ? new Tensor('join', [tensor, x], 'batch', [width + x.size]) : x,
    }),
    { tensor: null, width: 0 },
  );
  return joined.tensor as Tensor;
}

/** Columns [from, to) of every row, [B, n] → [B, to − from]. */
export function slice(x: Tensor, from: number, to: number): Tensor {
  if (x.rows !== 'batch' || from < 0 || to > x.size || from >= to)
    throw new DeepTasteError('shape', `slice: columns [${from}, ${to}) must lie inside the rows of ${x}`);
  return new Tensor('slice', [x], 'batch', [to - from], { from, to });
}

/** Rows of width n that hold x at [from, from + width of x) and zeros elsewhere: the gradient of `slice`. */
export function place(x: Tensor, from: number, width: number): Tensor {
  if (x.rows !== 'batch' || from < 0 || from + x.size > width)
    throw new DeepTasteError('shape', `place: ${x} at column ${from} must fit rows of ${width}`);
  return new Tensor('place', [x], 'batch', [width], { from });
}

export const layoutOps: Record<LayoutName, OpDefinition> = {
  join: {
    formula: 'y = (a, b)',
    derivative: '∂a = dy[0 … |a|), ∂b = dy[|a| … |a| + |b|)',
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
    kernel: () => null,
    reference: (y, [x], rows) => {
      const { from, to } = y.attributes as { from: number; to: number };
      const n = y.inputs[0].size;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) out.set(x.subarray(r * n + from, r * n + to), r * y.size);
      return out;
    },
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
};
