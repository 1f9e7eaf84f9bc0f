/**
 * Cross-entropy of each row's own target against candidates that all rows of the batch share. Unlike the losses of `candidates.ts`
 * the targets are not among the candidates: there may be many more rows than candidates. As there, one op makes slopes and loss, so
 * that exponentials are computed once. No second derivatives.
 */
import { shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isOffsets } from './candidates.ts';
import { multiply, negate } from './elementwise.ts';
import { slice } from './layout.ts';
import { isIndex } from './leaves.ts';
import { isList } from './lists.ts';
import { fusedGradient, opFamily } from './op.ts';
import { multiplyColumn } from './reduce.ts';

/**
 * −ln (e^t / (e^t + Σ_j e^(x_j + offset_j))) over the candidates j that are not the row's target, [B, 1].
 * @param t score of the target [B, 1]
 * @param scores x, of the candidates [B, n]
 * @param target index [B] of the target's item
 * @param list items of the candidates [n]
 * @param offsets from candidateOffsets [n]: −ln(expected number of draws) corrects for how candidates come about, −∞ = none
 */
export function targetCrossEntropy(t: Tensor, scores: Tensor, target: Tensor, list: Tensor, offsets: Tensor): Tensor {
  const fits = t.rows === 'batch' && t.size === 1 && scores.rows === 'batch' && isIndex(target, 1);
  if (!fits || !isList(list) || !isOffsets(offsets) || [list, offsets].some((x) => x.size !== scores.size))
    throw shapeError(
      'targetCrossEntropy',
      'needs [B, 1], scores [B, n], an index [B], a list [n] and its candidateOffsets [n]',
      [t, scores, target, list, offsets],
    );
  const inputs = [t, scores, target, list, offsets];
  const slopes = new Tensor(targetLossOps.targetSlopes, inputs, 'batch', [slopeColumns(scores) + 4]);
  return new Tensor(targetLossOps.targetCrossEntropy, [t, scores, partOf(slopes, LOSS)], 'batch', [1]);
}

/** The kernel writes whole vectors of shares. */
const slopeColumns = (scores: Tensor): number => Math.ceil(scores.size / 4) * 4;

/** What stands behind the shares. */
const LOSS = 0;
const SUM = 1;
const partOf = (slopes: Tensor, part: number): Tensor => {
  const at = slopeColumns(slopes.inputs[1]) + part;
  return slice(slopes, at, at + 1);
};

/** Loss of row r and the shares of its candidates. */
function rowOf(
  [t, x, target, list, offsets]: readonly Values[],
  r: number,
  n: number,
): { loss: number; shares: number[] } {
  const counted = Array.from({ length: n }, (_, j) =>
    offsets[j] === -Infinity || list[j] === target[r] ? -Infinity : x[r * n + j] + offsets[j],
  );
  const highest = counted.reduce((max, v) => (v > max ? v : max), t[r]);
  const e = counted.map((v) => Math.exp(v - highest));
  const sum = e.reduce((total, v) => total + v, Math.exp(t[r] - highest));
  return { loss: Math.log(sum) + highest - t[r], shares: e.map((v) => v / sum) };
}

export const targetLossOps = opFamily({
  targetSlopes: {
    formula:
      'the share p_j = e^(x_j + o_j) / (e^t + Σ_i e^(x_i + o_i)) of every candidate that is not the target, zeros up to a multiple of ' +
      'four; the loss, Σ_j p_j, two zeros',
    ...fusedGradient,
    derivative: 'none: `targetCrossEntropy` multiplies it by dy',
    kernel: (y) => {
      const parameters = [y.inputs[1].size];
      return { opcode: code.TARGET_SLOPES, parameters, operands: [...y.inputs, y] };
    },
    reference: (y, inputs, rows) => {
      const n = y.inputs[1].size;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) {
        const { loss, shares } = rowOf(inputs, r, n);
        out.set(shares, r * y.size);
        out.set([loss, shares.reduce((sum, p) => sum + p, 0)], r * y.size + slopeColumns(y.inputs[1]));
      }
      return out;
    },
  },
  targetCrossEntropy: {
    formula: 'y = −ln (e^t / (e^t + Σ_j e^(x_j + o_j))) over the candidates j that are not the target',
    derivative: '∂x_j = dy p_j, p_j the share of candidate j; ∂t = −dy Σ_j p_j',
    gradient: (y, dy) => {
      const [, scores, loss] = y.inputs;
      const [slopes] = loss.inputs;
      return [negate(multiply(partOf(slopes, SUM), dy)), multiplyColumn(slice(slopes, 0, scores.size), dy), null];
    },
    kernel: (y) => ({ opcode: code.COPY, parameters: [1, 0], operands: [y.inputs[2], y] }),
    reference: (_, [, , loss]) => loss,
  },
});
