/**
 * Convolution over the steps that lie side by side in a row: a filter reads h steps at a time, and slides by one. Each place of
 * the filters is one product of all rows of the tile, read where the steps lie: nothing is copied.
 */
import { type BlockCall, type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { asStored, packed, transpose } from './linear.ts';
import { opFamily } from './op.ts';
import { sumRows } from './reduce.ts';

/**
 * y[t] = (x[t] ⊕ … ⊕ x[t + h − 1]) W + b for t = 0 … T − h: [B, T · n] × [h · n, m] (+ [m]) → [B, (T − h + 1) · m].
 * @param steps T; the height h is that of W
 */
export function convolution(x: Tensor, w: Tensor, steps: number, bias?: Tensor): Tensor {
  const width = x.size / steps;
  const height = w.shape[0] / width;
  const fits =
    x.rows === 'batch' && w.rows === 'shared' && w.shape.length === 2 && [width, height].every(Number.isInteger);
  if (!fits || height > steps)
    throw shapeError(
      'convolution',
      `x must be [B, ${steps} · n] and W shared [h · n, m] with h ≤ ${steps} whole steps`,
      [x, w],
    );
  if (bias && (bias.rows !== 'shared' || bias.size !== w.shape[1]))
    throw shapeError('convolution', 'the bias must be shared [m] for W [h · n, m]', [w, bias]);
  const places = steps - height + 1;
  const inputs = [x, packed(w), ...(bias ? [bias] : []), w];
  return new Tensor(convolutionOps.convolution, inputs, 'batch', [places * w.shape[1]], { places, width });
}

interface Places {
  /** T − h + 1, places of a filter. */
  readonly places: number;
  /** n, numbers of a step. */
  readonly width: number;
}
const placesOf = (y: Tensor): Places => y.attributes as Readonly<Record<keyof Places, number>>;

function partsOf(y: Tensor): { x: Tensor; bias: Tensor | null; w: Tensor } {
  return { x: y.inputs[0], bias: y.inputs.length === 4 ? y.inputs[2] : null, w: y.inputs[y.inputs.length - 1] };
}

/** What the steps receive from the places that read them: Σ_t dy[t] Wᵀ, each at its place. */
function toSteps(dy: Tensor, w: Tensor, { places, width }: Places): Tensor {
  const turned = transpose(w);
  const size = (places - 1) * width + w.shape[0];
  return new Tensor(convolutionOps.convolutionInput, [dy, packed(turned), turned], 'batch', [size], { places, width });
}

/** Σ over rows and places of (what the filter reads there)ᵀ dy[t], the shape of W. */
function toFilter(x: Tensor, dy: Tensor, { places, width }: Places): Tensor {
  const shape = [x.size - (places - 1) * width, dy.size / places];
  return new Tensor(convolutionOps.convolutionWeights, [x, dy], 'shared', shape, { places, width });
}

function callOf(opcode: number, y: Tensor, bias: Tensor | null, w: Tensor): KernelCall {
  const { places, width } = placesOf(y);
  const [k, m] = w.shape;
  const [source, transposed] = asStored(w);
  const parameters = [m, k, bias ? code.FLAG_BIAS : 0, 8, 8 * k, transposed ? 1 : 0, places, width];
  const operands = [y.inputs[0], y.inputs[1], y, bias, source];
  return { opcode, parameters, operands, flopsOfRow: 2 * places * k * m };
}

/** Calls `visit` with a row, a place, and where its steps begin in x and its results in y. */
function eachPlace(
  rows: number,
  { places, width }: Places,
  sizes: { readonly x: number; readonly y: number },
  visit: (inX: number, inY: number) => void,
): void {
  for (let r = 0; r < rows; r++)
    for (let t = 0; t < places; t++) visit(r * sizes.x + t * width, r * sizes.y + t * (sizes.y / places));
}

export const convolutionOps = opFamily({
  convolution: {
    formula: 'y[t] = (x[t] ⊕ … ⊕ x[t + h − 1]) W + b',
    derivative: '∂x = Σ_t dy[t] Wᵀ at the steps of place t, ∂W = Σ_r Σ_t (x[t] ⊕ …)ᵀ dy[t], ∂b = Σ_r Σ_t dy[t]',
    gradient: (y, dy) => {
      const { x, bias, w } = partsOf(y);
      const places = placesOf(y);
      const [dx, dw] = [toSteps(dy, w, places), toFilter(x, dy, places)];
      return bias ? [dx, null, sumRows(dy, places.places), dw] : [dx, null, dw];
    },
    kernel: (y) => {
      const { bias, w } = partsOf(y);
      return callOf(code.CONVOLUTION, y, bias, w);
    },
    reference: (y, inputs, rows) => {
      const { x, bias, w } = partsOf(y);
      const [k, m] = w.shape;
      const [xs, ws] = [inputs[0], inputs[inputs.length - 1]];
      const out = new Float64Array(rows * y.size);
      eachPlace(rows, placesOf(y), { x: x.size, y: y.size }, (inX, inY) => {
        for (let j = 0; j < m; j++) {
          let sum = bias ? inputs[2][j] : 0;
          for (let p = 0; p < k; p++) sum += xs[inX + p] * ws[p * m + j];
          out[inY + j] = sum;
        }
      });
      return out;
    },
  },
  convolutionInput: {
    formula: 'y = Σ_t a[t] W at the steps of place t, W the transpose of the filters',
    derivative: '∂a = the convolution of dy with Wᵀ, ∂W = Σ_r Σ_t a[t]ᵀ (dy[t] ⊕ …)',
    gradient: (y, dy) => {
      const places = placesOf(y);
      const [a, , w] = y.inputs;
      const steps = y.size / places.width;
      return [convolution(dy, transpose(w), steps), null, transpose(toFilter(dy, a, places))];
    },
    kernel: (y) => callOf(code.CONVOLUTION_INPUT, y, null, y.inputs[2]),
    reference: (y, [a, , w], rows) => {
      const [m, k] = y.inputs[2].shape;
      const out = new Float64Array(rows * y.size);
      eachPlace(rows, placesOf(y), { x: y.size, y: y.inputs[0].size }, (inX, inA) => {
        for (let p = 0; p < k; p++) for (let j = 0; j < m; j++) out[inX + p] += a[inA + j] * w[j * k + p];
      });
      return out;
    },
  },
  convolutionWeights: {
    formula: 'y = Σ_r Σ_t (a[t] ⊕ … ⊕ a[t + h − 1])ᵀ b[t]',
    derivative: '∂a = Σ_t b[t] dyᵀ at the steps of place t, ∂b = the convolution of a with dy',
    gradient: (y, dy) => {
      const places = placesOf(y);
      const [a, b] = y.inputs;
      return [toSteps(b, dy, places), convolution(a, dy, a.size / places.width)];
    },
    kernel: (y) => {
      const { places, width } = placesOf(y);
      const [k, m] = y.shape;
      const parameters = [m, k, places, width];
      return {
        opcode: code.CONVOLUTION_WEIGHTS,
        parameters,
        operands: [...y.inputs, y],
        flopsOfRow: 2 * places * k * m,
      };
    },
    blocks: (y): BlockCall => {
      const [a, b] = y.inputs;
      const { places, width } = placesOf(y);
      const [k, m] = y.shape;
      const operands = [{ tensor: a, advance: 1 }, { tensor: a }, { tensor: b }, { tensor: y, advance: m }];
      const parameters = [m, k, places, width];
      const flopsOfRow = (batchRows: number): number => 2 * places * m * batchRows;
      return { opcode: code.BATCH_CONVOLUTION, rows: k, multiple: 1, parameters, operands, flopsOfRow };
    },
    reference: (y, [a, b], rows) => weightsReference(y, a, b, rows),
    reduction: true,
  },
});

function weightsReference(y: Tensor, a: Values, b: Values, rows: number): Values {
  const [k, m] = y.shape;
  const [{ size: ofA }, { size: ofB }] = y.inputs;
  const out = new Float64Array(k * m);
  eachPlace(rows, placesOf(y), { x: ofA, y: ofB }, (inA, inB) => {
    for (let p = 0; p < k; p++) for (let j = 0; j < m; j++) out[p * m + j] += a[inA + p] * b[inB + j];
  });
  return out;
}
