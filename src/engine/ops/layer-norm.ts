/** Layer normalisation: every row by its own mean and variance. */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { constant } from './leaves.ts';
import { floatBits, fusedGradient, opFamily } from './op.ts';
import { combineRows } from './statistics.ts';

/** (x[r] − mean) / √(variance + ε) with mean and (biased) variance of row r, [B, n] → [B, n]. */
export function standardise(x: Tensor, epsilon: number): Tensor {
  if (x.rows !== 'batch') throw shapeError('standardise', 'needs a batch tensor', [x]);
  if (!(epsilon > 0)) throw new DeepTasteError('config', `standardise: ε must be above 0, got ${epsilon}`);
  return new Tensor(layerNormOps.standardise, [x], 'batch', x.shape, { epsilon });
}

/** γ ⊙ (x − mean) / √(variance + ε) + β (Ba, Kiros, Hinton, arXiv:1607.06450, §3), [B, n] → [B, n]; γ, β shared [n]. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  const zeros = constant(Array<number>(x.size).fill(0));
  return combineRows(standardise(x, epsilon), zeros, gamma, beta);
}

/** Mean and 1 / √(variance + ε) of row r. */
function measures(x: Values, r: number, n: number, epsilon: number): { readonly mean: number; readonly s: number } {
  let mean = 0;
  for (let j = 0; j < n; j++) mean += x[r * n + j] / n;
  let variance = 0;
  for (let j = 0; j < n; j++) variance += (x[r * n + j] - mean) ** 2 / n;
  return { mean, s: 1 / Math.sqrt(variance + epsilon) };
}

const epsilonOf = (y: Tensor): number => Math.fround(y.attributes.epsilon as number);

const kernelOf = (opcode: number) => (y: Tensor) => ({
  opcode,
  parameters: [y.size, floatBits(epsilonOf(y))],
  operands: [...y.inputs, y],
});

function standardiseGradient(y: Tensor, dy: Tensor): Tensor {
  return new Tensor(layerNormOps.standardiseGradient, [y.inputs[0], dy], 'batch', y.shape, y.attributes);
}

export const layerNormOps = opFamily({
  standardise: {
    formula: 'y[r] = (x[r] − mean) s, s = 1 / √(variance + ε), mean and variance of the row',
    derivative: '∂x = s (dy − mean(dy) − y mean(dy ⊙ y))',
    gradient: (y, dy) => [standardiseGradient(y, dy)],
    kernel: kernelOf(code.STANDARDISE),
    reference: (y, [x], rows) => {
      const n = y.size;
      const out = new Float64Array(rows * n);
      for (let r = 0; r < rows; r++) {
        const { mean, s } = measures(x, r, n, epsilonOf(y));
        for (let j = 0; j < n; j++) out[r * n + j] = (x[r * n + j] - mean) * s;
      }
      return out;
    },
  },
  standardiseGradient: {
    formula: 'y = s (b − mean(b) − x̂ mean(b ⊙ x̂)), x̂ = (a − mean(a)) s',
    ...fusedGradient,
    kernel: kernelOf(code.STANDARDISE_GRADIENT),
    reference: (y, [x, dy], rows) => {
      const n = y.size;
      const out = new Float64Array(rows * n);
      for (let r = 0; r < rows; r++) {
        const { mean, s } = measures(x, r, n, epsilonOf(y));
        const own = Array.from({ length: n }, (_, j) => (x[r * n + j] - mean) * s);
        const average = own.reduce((sum, _, j) => sum + dy[r * n + j] / n, 0);
        const along = own.reduce((sum, v, j) => sum + (v * dy[r * n + j]) / n, 0);
        own.forEach((v, j) => {
          out[r * n + j] = s * (dy[r * n + j] - average - v * along);
        });
      }
      return out;
    },
  },
});
