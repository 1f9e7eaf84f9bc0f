/** Statistics over the whole batch, whatever its tiles, and the normalisation of rows by them. */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { affine, multiply, negate, reciprocal, sqrt } from './elementwise.ts';
import { constant, inverseRows } from './leaves.ts';
import { opFamily } from './op.ts';
import { broadcastRow, sumRows } from './reduce.ts';

/** x / B for a shared x: turns a sum over the batch into a mean. */
export function perRow(x: Tensor): Tensor {
  if (x.rows !== 'shared') throw shapeError('perRow', 'needs a shared tensor', [x]);
  return new Tensor(statisticOps.perRow, [x, inverseRows()], 'shared', x.shape);
}

/** Σ_r a[r] ⊙ (b[r] − m), batch [B, n] twice and shared [n] → shared [n]. */
export function sumProducts(a: Tensor, b: Tensor, m: Tensor): Tensor {
  if (a.rows !== 'batch' || b.rows !== 'batch' || a.size !== b.size || !isVector(m, a.size))
    throw shapeError('sumProducts', 'needs two batch tensors of equal row length and a shared vector', [a, b, m]);
  return new Tensor(statisticOps.sumProducts, [a, b, m], 'shared', [a.size]);
}

/** Σ_r (x[r] − m)², batch [B, n] and shared [n] → shared [n]. */
export function sumSquares(x: Tensor, m: Tensor): Tensor {
  if (x.rows !== 'batch' || !isVector(m, x.size))
    throw shapeError('sumSquares', 'needs a batch tensor and a shared vector of its row length', [x, m]);
  return new Tensor(statisticOps.sumSquares, [x, m], 'shared', [x.size]);
}

/** (b[r] − m) ⊙ q + c, plus a[r] ⊙ p where given: batch [B, n], shared vectors [n] → [B, n], one pass. */
export function combineRows(
  b: Tensor,
  m: Tensor,
  q: Tensor,
  c: Tensor,
  first?: { readonly a: Tensor; readonly p: Tensor },
): Tensor {
  const vectors = [m, q, c, ...(first ? [first.p] : [])];
  if (b.rows !== 'batch' || (first && (first.a.rows !== 'batch' || first.a.size !== b.size)))
    throw shapeError('combineRows', 'needs batch tensors of equal row length', first ? [b, first.a] : [b]);
  if (vectors.some((v) => !isVector(v, b.size)))
    throw shapeError('combineRows', 'needs shared vectors of the row length', [b, ...vectors]);
  return new Tensor(statisticOps.combineRows, [b, m, q, c, ...(first ? [first.a, first.p] : [])], 'batch', b.shape);
}

const zeros = (n: number): Tensor => constant(Array<number>(n).fill(0));

function isVector(x: Tensor, n: number): boolean {
  return x.rows === 'shared' && x.shape.length === 1 && x.size === n;
}

/** Mean and (biased) variance of every column over the batch. The variance is a second pass around the mean: no cancellation. */
export function batchStatistics(x: Tensor): { readonly mean: Tensor; readonly variance: Tensor } {
  const mean = perRow(sumRows(x));
  return { mean, variance: perRow(sumSquares(x, mean)) };
}

/**
 * γ ⊙ (x − mean) / √(variance + ε) + β (Ioffe & Szegedy, ICML 2015, algorithm 1), [B, n] → [B, n]. The gradient with respect to
 * x is the total one, through mean and variance too.
 * @param statistics those of `x` itself, from batchStatistics
 */
export function normaliseRows(
  x: Tensor,
  statistics: { readonly mean: Tensor; readonly variance: Tensor },
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): Tensor {
  if (x.rows !== 'batch' || ![gamma, beta, statistics.mean].every((v) => isVector(v, x.size)))
    throw shapeError('batchNorm', 'needs a batch tensor and shared vectors of its row length', [x, gamma, beta]);
  const deviation = reciprocal(sqrt(affine(statistics.variance, 1, epsilon)));
  const inputs = [x, gamma, beta, statistics.mean, deviation, multiply(gamma, deviation)];
  return new Tensor(statisticOps.batchNorm, inputs, 'batch', x.shape);
}

export const statisticOps = opFamily({
  perRow: {
    formula: 'y = x / B',
    derivative: '∂x = dy / B',
    gradient: (_y, dy) => [perRow(dy), null],
    kernel: (y) => ({ opcode: code.MUL_COLUMN, rows: 1, parameters: [y.size], operands: [...y.inputs, y] }),
    reference: (_y, [x, [inverse]]) => x.map((v) => v * inverse),
  },
  sumProducts: {
    formula: 'y = Σ_r a[r] ⊙ (b[r] − m)',
    derivative: '∂a[r] = dy ⊙ (b[r] − m), ∂b[r] = dy ⊙ a[r], ∂m = −dy ⊙ Σ_r a[r]',
    gradient: (y, dy) => {
      const [a, b, m] = y.inputs;
      const zero = zeros(y.size);
      return [combineRows(b, m, dy, zero), combineRows(a, zero, dy, zero), negate(multiply(dy, sumRows(a)))];
    },
    kernel: (y) => ({
      opcode: code.SUM_PRODUCTS,
      parameters: [y.size],
      operands: [y.inputs[0], y.inputs[1], y, y.inputs[2]],
    }),
    reference: (y, [a, b, m], rows) => {
      const sum = new Float64Array(y.size);
      for (let k = 0; k < rows * y.size; k++) sum[k % y.size] += a[k] * (b[k] - m[k % y.size]);
      return sum;
    },
    reduction: true,
  },
  sumSquares: {
    formula: 'y = Σ_r (x[r] − m)²',
    derivative: '∂x[r] = 2 dy ⊙ (x[r] − m), ∂m = −2 dy ⊙ Σ_r (x[r] − m)',
    gradient: (y, dy) => {
      const [x, m] = y.inputs;
      const twice = combineRows(x, m, affine(dy, 2), zeros(y.size));
      return [twice, negate(sumRows(twice))];
    },
    kernel: (y) => ({ opcode: code.SUM_PRODUCTS, parameters: [y.size], operands: [null, y.inputs[0], y, y.inputs[1]] }),
    reference: (y, [x, m], rows) => {
      const sum = new Float64Array(y.size);
      for (let k = 0; k < rows * y.size; k++) sum[k % y.size] += (x[k] - m[k % y.size]) ** 2;
      return sum;
    },
    reduction: true,
  },
  combineRows: {
    formula: 'y[r] = (b[r] − m) ⊙ q + c, and + a[r] ⊙ p where given',
    derivative: '∂b = dy ⊙ q, ∂m = −q ⊙ Σ_r dy, ∂q = Σ_r dy ⊙ (b − m), ∂c = Σ_r dy, ∂a = dy ⊙ p, ∂p = Σ_r dy ⊙ a',
    gradient: (y, dy) => {
      const [b, m, q, , a, p] = y.inputs;
      const sum = sumRows(dy);
      const scaled = (v: Tensor): Tensor => multiply(dy, broadcastRow(v));
      const ofFirst = a ? [scaled(p), sumProducts(dy, a, zeros(y.size))] : [];
      return [scaled(q), negate(multiply(q, sum)), sumProducts(dy, b, m), sum, ...ofFirst];
    },
    kernel: (y) => {
      const [b, m, q, c, a = null, p = null] = y.inputs;
      return { opcode: code.COMBINE, parameters: [y.size], operands: [a, p, b, q, m, c, y] };
    },
    reference: (y, [b, m, q, c, a, p]) =>
      b.map((v, k) => {
        const j = k % y.size;
        return (v - m[j]) * q[j] + c[j] + (a ? a[k] * p[j] : 0);
      }),
  },
  batchNorm: {
    formula: 'y[r] = γ ⊙ x̂[r] + β, x̂ = (x − mean) ⊙ s, s = 1 / √(variance + ε)',
    derivative:
      '∂β = Σ_r dy, ∂γ = Σ_r dy ⊙ x̂, ∂x = γ s ⊙ (dy − ∂β / B − x̂ ⊙ ∂γ / B): mean and variance are functions of x',
    gradient: (y, dy) => {
      const [x, , , mean, deviation, scale] = y.inputs;
      const dBeta = sumRows(dy);
      const dGamma = multiply(deviation, sumProducts(dy, x, mean));
      const q = negate(multiply(multiply(scale, deviation), perRow(dGamma)));
      const c = negate(multiply(scale, perRow(dBeta)));
      return [combineRows(x, mean, q, c, { a: dy, p: scale }), dGamma, dBeta, null, null, null];
    },
    kernel: (y) => {
      const [x, , beta, mean, , scale] = y.inputs;
      return { opcode: code.COMBINE, parameters: [y.size], operands: [null, null, x, scale, mean, beta, y] };
    },
    reference: (y, [x, , beta, mean, , scale]) =>
      x.map((v, k) => (v - mean[k % y.size]) * scale[k % y.size] + beta[k % y.size]),
  },
});
