/** Interactions of the F field vectors of a row, laid out one after the other: [B, F · d]. */
import { DeepTasteError } from '../../core/errors.ts';
import { type InteractionName, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { multiply, subtract } from './elementwise.ts';
import type { OpDefinition, Values } from './op.ts';

function fieldsTensor(op: InteractionName, inputs: readonly Tensor[], width: number, size: number): Tensor {
  const wide = op === 'repeatFields' ? size : inputs[inputs.length - 1].size;
  if (inputs.some((x) => x.rows !== 'batch') || !(width > 0) || wide % width !== 0)
    throw new DeepTasteError(
      'shape',
      `${op}: rows of ${wide} must hold whole fields of ${width}, got ${inputs.join()}`,
    );
  return new Tensor(op, inputs, 'batch', [size], { width, fields: wide / width });
}

/**
 * f_BI(e) = Σ_{i<j} e_i ⊙ e_j = ½ [ (Σ e)² − Σ e² ], [B, F · d] → [B, d] (He & Chua: Neural Factorization Machines. SIGIR
 * 2017, eq. 4). One pass over the row; 0 for one field.
 */
export const bilinearPooling = (e: Tensor, width: number): Tensor => fieldsTensor('bilinearPooling', [e], width, width);

/** Σ_f e_f, [B, F · d] → [B, d]. */
export const sumFields = (e: Tensor, width: number): Tensor => fieldsTensor('sumFields', [e], width, width);

/** The vector x in each of F fields, [B, d] → [B, F · d]. */
export const repeatFields = (x: Tensor, fields: number): Tensor =>
  fieldsTensor('repeatFields', [x], x.size, fields * x.size);

/** g ⊙ (Σ e − e_f) in field f: the gradient of bilinear pooling. */
const bilinearGradient = (g: Tensor, e: Tensor, width: number): Tensor =>
  fieldsTensor('bilinearGradient', [g, e], width, e.size);

const numbers = (y: Tensor) => y.attributes as { readonly width: number; readonly fields: number };

function interactionCall(opcode: number, y: Tensor) {
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

export const interactionOps: Record<InteractionName, OpDefinition> = {
  bilinearPooling: {
    formula: 'y = Σ_{i<j} e_i ⊙ e_j',
    derivative: '∂e_f = dy ⊙ (Σ e − e_f)',
    gradient: (y, dy) => [bilinearGradient(dy, y.inputs[0], numbers(y).width)],
    kernel: (y) => interactionCall(code.BILINEAR, y),
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
};
