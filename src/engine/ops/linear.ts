/** Matrix products of batch rows with shared weights. */
import { type JoinedInput, type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { relu, reluGradient } from './elementwise.ts';
import { matrixRows } from './layout.ts';
import { noGradients, opFamily } from './op.ts';
import { sumRows } from './reduce.ts';

/** From this depth on, W is so large that copying it into panels costs more than reading it where it lies. */
const DEEP = 1024;

interface LinearOptions {
  readonly bias?: Tensor;
  readonly relu?: boolean;
  /** Parts of equal width that a row is cut into, each multiplied alone: [B, groups · n] → [B, groups · m]. */
  readonly groups?: number;
}

/** x W (+ b), then max(0, ·) when asked: [B, n] × [n, m] (+ [m]) → [B, m], one fused kernel. */
export function linear(x: Tensor, w: Tensor, options: LinearOptions = {}): Tensor {
  const { bias, groups = 1 } = options;
  if (x.rows !== 'batch' || w.rows !== 'shared' || w.shape.length !== 2 || w.shape[0] * groups !== x.size)
    throw shapeError(
      'linear',
      `x must be [B, ${groups === 1 ? '' : `${groups} · `}n] and W shared [n, m]`,
      [x, w],
      'transpose W?',
    );
  if (bias && (bias.rows !== 'shared' || bias.size !== w.shape[1]))
    throw shapeError('linear', 'the bias must be shared [m] for W [n, m]', [w, bias]);
  const inputs = [x, packed(w), ...(bias ? [bias] : []), w];
  const attributes = { relu: options.relu === true, bias: bias !== undefined, groups };
  return new Tensor(linearOps.linear, inputs, 'batch', [groups * w.shape[1]], attributes);
}

/** Wᵀ, shared [n, m] → [m, n]. */
export function transpose(w: Tensor): Tensor {
  if (w.rows !== 'shared' || w.shape.length !== 2) throw shapeError('transpose', 'needs a shared matrix', [w]);
  if (w.op === linearOps.transpose) return w.inputs[0];
  // (Σ aᵀ b)ᵀ = Σ bᵀ a: the gradient of x Eᵀ is made in the layout of E
  if (w.op === linearOps.outerSum) return outerSum(w.inputs[1], w.inputs[0], groupsOf(w));
  return new Tensor(linearOps.transpose, [w], 'shared', [w.shape[1], w.shape[0]]);
}

/** Σ_r x[r]ᵀ y[r], [B, n] and [B, m] → shared [n, m]: the gradient of a weight matrix. With groups, over their pairs too. */
export function outerSum(x: Tensor, y: Tensor, groups = 1): Tensor {
  if (x.rows !== 'batch' || y.rows !== 'batch' || x.size % groups !== 0 || y.size % groups !== 0)
    throw shapeError('outerSum', `needs two batch tensors of whole groups (${groups})`, [x, y]);
  return new Tensor(linearOps.outerSum, [x, y], 'shared', [x.size / groups, y.size / groups], { groups });
}

const groupsOf = (y: Tensor): number => y.attributes.groups as number;

/**
 * W in the order the product kernel reads it: panels of eight columns, [⌈m/8⌉][n][8], zero-padded. Made once a step, also
 * straight from a transposed matrix. With a system BLAS (kernels/blas.ts) the same memory holds transposed matrices row by row,
 * and nothing of others. An implementation detail of `linear`, not an op for models.
 */
export function packed(w: Tensor): Tensor {
  const known = packs.get(w);
  if (known) return known;
  const made = new Tensor(linearOps.packed, [w], 'shared', [Math.ceil(w.shape[1] / 8), w.shape[0], 8]);
  packs.set(w, made);
  return made;
}
const packs = new WeakMap<Tensor, Tensor>();

/** The parts of a `linear` tensor. */
function parts(y: Tensor): { x: Tensor; bias: Tensor | null; w: Tensor } {
  return { x: y.inputs[0], bias: y.attributes.bias ? y.inputs[2] : null, w: y.inputs[y.inputs.length - 1] };
}

/** The matrix whose memory holds a weight, and whether that is its transpose. */
export function asStored(w: Tensor): [Tensor, boolean] {
  return w.op === linearOps.transpose ? [w.inputs[0], true] : [w, false];
}

/** a[m×k] · b[k×n] in float64. */
export function product(a: Values, b: Values, m: number, k: number, n: number): Values {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) out[i * n + j] += a[i * k + p] * b[p * n + j];
  return out;
}

/** The call for y = x W (+ bias); the second input of y is W in panels. */
export function productCall(
  y: Tensor,
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  flags: number,
  groups: number,
): KernelCall {
  const [source, transposed] = asStored(w);
  const inPlace = !transposed && w.shape[0] >= DEEP;
  // k stride and panel stride of W
  const [k, m] = w.shape;
  const strides = inPlace ? [m, 8] : [8, 8 * k];
  const parameters = [m, k, flags, ...strides, transposed ? 1 : 0, groups];
  const operands = [x, inPlace ? w : y.inputs[1], y, bias, source];
  return { opcode: code.GEMM, parameters, operands, flopsOfRow: 2 * m * k * groups };
}

function linearReference(y: Tensor, inputs: readonly Values[], rows: number): Values {
  const { x, bias } = parts(y);
  const groups = groupsOf(y);
  const m = y.size / groups;
  const out = product(inputs[0], inputs[inputs.length - 1], rows * groups, x.size / groups, m);
  if (bias) for (let k = 0; k < out.length; k++) out[k] += inputs[2][k % m];
  return y.attributes.relu ? out.map((v) => Math.max(0, v)) : out;
}

/** (a, b) W + c = a W_a + b W_b + c. The groups of a row are multiplied one by one: their sides are not those of columns of W. */
function linearApart(y: Tensor, { segments, sum }: JoinedInput): Tensor | null {
  if (groupsOf(y) !== 1) return null;
  const { bias, w } = parts(y);
  let row = 0;
  const terms = segments.map((x, n) => {
    const from = row;
    row += x.size;
    return linear(x, matrixRows(w, from, row), n === 0 && bias ? { bias } : {});
  });
  return y.attributes.relu ? relu(sum(terms)) : sum(terms);
}

export const linearOps = opFamily({
  linear: {
    formula: 'y = x W + b, then max(0, y) when fused',
    derivative: 'dz = dy · [y > 0] when fused, else dy; ∂x = dz Wᵀ, ∂W = Σ_r x[r]ᵀ dz[r], ∂b = Σ_r dz[r]',
    gradient: (y, dy) => {
      const { x, bias, w } = parts(y);
      const dz = y.attributes.relu ? reluGradient(dy, y) : dy;
      const groups = groupsOf(y);
      const dw = outerSum(x, dz, groups);
      const dx = linear(dz, transpose(w), { groups });
      return bias ? [dx, null, sumRows(dz, groups), dw] : [dx, null, dw];
    },
    kernel: (y) => {
      const { x, bias, w } = parts(y);
      const flags = (bias ? code.FLAG_BIAS : 0) | (y.attributes.relu ? code.FLAG_RELU : 0);
      return productCall(y, x, w, bias, flags, groupsOf(y));
    },
    apart: linearApart,
    reference: linearReference,
  },
  packed: {
    formula: 'y = W in panels of eight columns',
    derivative: 'none: `linear` differentiates W itself',
    gradient: noGradients,
    // of the two forms of a weight matrix only one is read
    readAs: 'nothing',
    kernel: (y) => {
      // a transposed matrix is packed from its source with the strides swapped
      const w = y.inputs[0];
      const [source, transposed] = asStored(w);
      const strides = transposed ? [1, source.shape[1]] : [source.shape[1], 1];
      const parameters = [w.shape[1], w.shape[0], ...strides, transposed ? 1 : 0];
      return { opcode: code.PACK, rows: 1, parameters, operands: [source, y] };
    },
    blocks: (y) => {
      const w = y.inputs[0];
      const [k, rows] = w.shape;
      const [source, isTransposed] = asStored(w);
      const strides = isTransposed ? [1, k] : [rows, 1];
      const operands = [
        { tensor: source, advance: strides[1] },
        { tensor: y, advance: k },
      ];
      const parameters = [k, ...strides, rows, isTransposed ? 1 : 0];
      return { opcode: code.BLOCK_PACK, rows, multiple: 8, parameters, operands };
    },
    reference: (y, [w]) => {
      const [n, m] = y.inputs[0].shape;
      return Float64Array.from({ length: y.size }, (_, k) => {
        const row = Math.floor(k / 8) % n;
        const column = 8 * Math.floor(k / (8 * n)) + (k % 8);
        return column < m ? w[row * m + column] : 0;
      });
    },
  },
  transpose: {
    formula: 'y = Wᵀ',
    derivative: '∂W = dyᵀ',
    gradient: (_y, dy) => [transpose(dy)],
    kernel: (y) => {
      const [rows, cols] = y.inputs[0].shape;
      return { opcode: code.TRANSPOSE, rows, parameters: [cols], operands: [y.inputs[0], y] };
    },
    reference: (y, [w]) => {
      const [m, n] = y.shape;
      return Float64Array.from({ length: m * n }, (_, k) => w[(k % n) * m + Math.floor(k / n)]);
    },
  },
  outerSum: {
    formula: 'y = Σ_r a[r]ᵀ b[r]',
    derivative: '∂a = b dyᵀ, ∂b = a dy',
    gradient: (y, dy) => {
      const [a, b] = y.inputs;
      const groups = groupsOf(y);
      return [linear(b, transpose(dy), { groups }), linear(a, dy, { groups })];
    },
    kernel: (y) => {
      const [a, b] = y.inputs;
      const [n, m] = y.shape;
      const parameters = [m, n, groupsOf(y)];
      return { opcode: code.OUTER_SUM, parameters, operands: [a, b, y], flopsOfRow: 2 * n * m * groupsOf(y) };
    },
    blocks: (y) => {
      const [a, b] = y.inputs;
      const [n, m] = y.shape;
      const operands = [{ tensor: a, advance: 1 }, { tensor: a }, { tensor: b }, { tensor: y, advance: m }];
      const parameters = [m, n, groupsOf(y)];
      const flopsOfRow = (batchRows: number): number => 2 * m * groupsOf(y) * batchRows;
      return { opcode: code.BATCH_PRODUCT, rows: n, multiple: 1, parameters, operands, flopsOfRow };
    },
    reference: (y, [a, b], rows) => {
      const [n, m] = y.shape;
      const pairs = rows * groupsOf(y);
      const at = Float64Array.from({ length: n * pairs }, (_, k) => a[(k % pairs) * n + Math.floor(k / pairs)]);
      return product(at, b, n, pairs, m);
    },
    reduction: true,
  },
});

/** relu(x W + b) as one kernel. */
export const linearRelu = (x: Tensor, w: Tensor, bias?: Tensor): Tensor => linear(x, w, { bias, relu: true });
