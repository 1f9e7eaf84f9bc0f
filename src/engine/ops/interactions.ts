/** Interactions of the F field vectors of a row, laid out one after the other: [B, F · d]. */
import { DeepTasteError } from '../../core/errors.ts';
import { type JoinedInput, type KernelCall, type Op, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { add, multiply, subtract } from './elementwise.ts';
import { concat } from './layout.ts';
import { opFamily } from './op.ts';

/** @param wide length of the rows that hold whole fields */
function fieldsTensor(op: Op, inputs: readonly Tensor[], width: number, size: number, wide: number): Tensor {
  if (inputs.some((x) => x.rows !== 'batch') || !(width > 0) || wide % width !== 0)
    throw new DeepTasteError(
      'shape',
      `${op.name}: rows of ${wide} must hold whole fields of ${width}, got ${inputs.join()}`,
    );
  return new Tensor(op, inputs, 'batch', [size], { width, fields: wide / width });
}

/**
 * f_BI(e) = Σ_{i<j} e_i ⊙ e_j = ½ [ (Σ e)² − Σ e² ], [B, F · d] → [B, d] (He & Chua: Neural Factorization Machines. SIGIR
 * 2017, eq. 4). One pass over the row; 0 for one field.
 */
export const bilinearPooling = (e: Tensor, width: number): Tensor =>
  fieldsTensor(interactionOps.bilinearPooling, [e], width, width, e.size);

/** Σ_f e_f, [B, F · d] → [B, d]. */
export const sumFields = (e: Tensor, width: number): Tensor =>
  fieldsTensor(interactionOps.sumFields, [e], width, width, e.size);

/** The vector x in each of F fields, [B, d] → [B, F · d]. */
export const repeatFields = (x: Tensor, fields: number): Tensor =>
  fieldsTensor(interactionOps.repeatFields, [x], x.size, fields * x.size, fields * x.size);

/** g ⊙ (Σ e − e_f) in field f: the gradient of bilinear pooling. */
const bilinearGradient = (g: Tensor, e: Tensor, width: number): Tensor =>
  fieldsTensor(interactionOps.bilinearGradient, [g, e], width, e.size, e.size);

const numbers = (y: Tensor) => y.attributes as { readonly width: number; readonly fields: number };

function interactionCall(opcode: number, y: Tensor): KernelCall {
  const { width, fields } = numbers(y);
  return { opcode, parameters: [width, fields], operands: [...y.inputs, y] };
}

/** Calls `visit` for every row, field and element of [rows, F · d], with the offset of the element there and in [rows, d]. */
function eachElement(
  { width, fields }: { readonly width: number; readonly fields: number },
  rows: number,
  visit: (at: number, short: number, field: number) => void,
): void {
  for (let r = 0; r < rows; r++)
    for (let f = 0; f < fields; f++)
      for (let j = 0; j < width; j++) visit((r * fields + f) * width + j, r * width + j, f);
}

function sumsOfFields(y: Tensor, e: Values, rows: number): Float64Array {
  const sums = new Float64Array(rows * numbers(y).width);
  eachElement(numbers(y), rows, (at, short) => {
    sums[short] += e[at];
  });
  return sums;
}

/** Segments that cut a field in two cannot be taken as fields. */
const holdFields = (segments: readonly Tensor[], width: number): boolean => segments.every((x) => x.size % width === 0);

/** f_BI of the fields of one side + f_BI of all others + the product of their sums. */
function poolingApart(y: Tensor, { segments, ofFirstSide, others }: JoinedInput): Tensor | null {
  const { width } = numbers(y);
  if (!holdFields(segments, width) || ofFirstSide.length === 0) return null;
  const [a, b] = [concat(...ofFirstSide), concat(...others)];
  const within = add(bilinearPooling(a, width), bilinearPooling(b, width));
  return add(within, multiply(sumFields(a, width), sumFields(b, width)));
}

export const interactionOps = opFamily({
  bilinearPooling: {
    formula: 'y = Σ_{i<j} e_i ⊙ e_j',
    derivative: '∂e_f = dy ⊙ (Σ e − e_f)',
    gradient: (y, dy) => [bilinearGradient(dy, y.inputs[0], numbers(y).width)],
    kernel: (y) => interactionCall(code.BILINEAR, y),
    apart: poolingApart,
    reference: (y, [e], rows) => {
      const out = new Float64Array(rows * y.size);
      const sum = new Float64Array(rows * y.size);
      eachElement(numbers(y), rows, (at, short, f) => {
        if (f > 0) out[short] += e[at] * sum[short];
        sum[short] = f === 0 ? e[at] : sum[short] + e[at];
      });
      return out;
    },
  },
  bilinearGradient: {
    formula: 'y_f = g ⊙ (Σ e − e_f)',
    derivative: '∂g = Σ_f dy_f ⊙ (Σ e − e_f), ∂e_f = g ⊙ (Σ dy − dy_f)',
    gradient: (y, dy) => {
      const [g, e] = y.inputs;
      const { width } = numbers(y);
      const products = multiply(sumFields(dy, width), sumFields(e, width));
      return [subtract(products, sumFields(multiply(dy, e), width)), bilinearGradient(g, dy, width)];
    },
    kernel: (y) => interactionCall(code.BILINEAR_GRADIENT, y),
    reference: (y, [g, e], rows) => {
      const sums = sumsOfFields(y, e, rows);
      const out = new Float64Array(rows * y.size);
      eachElement(numbers(y), rows, (at, short) => {
        out[at] = g[short] * (sums[short] - e[at]);
      });
      return out;
    },
  },
  sumFields: {
    formula: 'y = Σ_f e_f',
    derivative: '∂e_f = dy',
    gradient: (y, dy) => [repeatFields(dy, numbers(y).fields)],
    kernel: (y) => interactionCall(code.SUM_FIELDS, y),
    apart: (y, { segments, sum }) => {
      const { width } = numbers(y);
      return holdFields(segments, width) ? sum(segments.map((x) => sumFields(x, width))) : null;
    },
    reference: (y, [e], rows) => sumsOfFields(y, e, rows),
  },
  repeatFields: {
    formula: 'y_f = x',
    derivative: '∂x = Σ_f dy_f',
    gradient: (y, dy) => [sumFields(dy, numbers(y).width)],
    kernel: (y) => interactionCall(code.REPEAT_FIELDS, y),
    reference: (y, [x], rows) => {
      const out = new Float64Array(rows * y.size);
      eachElement(numbers(y), rows, (at, short) => {
        out[at] = x[short];
      });
      return out;
    },
  },
});
