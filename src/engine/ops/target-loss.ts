/**
 * Cross-entropy of each row's own target against candidates that all rows of the batch share. Unlike the losses of `candidates.ts`
 * the targets are not among the candidates: there may be many more rows than candidates.
 */
import { type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isOffsets } from './candidates.ts';
import { negate } from './elementwise.ts';
import { isIndex } from './leaves.ts';
import { isList } from './lists.ts';
import { fusedGradient, opFamily } from './op.ts';
import { rowSum } from './reduce.ts';

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
  return new Tensor(targetLossOps.targetCrossEntropy, [t, scores, target, list, offsets], 'batch', [1]);
}

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

const callOf = (y: Tensor, opcode: number): KernelCall => ({
  opcode,
  parameters: [y.inputs[1].size],
  operands: [...y.inputs, y],
});

function slopesOf(y: Tensor, dy: Tensor): Tensor {
  const shape = y.inputs[1].shape;
  return new Tensor(targetLossOps.targetCrossEntropyGradient, [...y.inputs, dy], 'batch', shape);
}

export const targetLossOps = opFamily({
  targetCrossEntropy: {
    formula: 'y = −ln (e^t / (e^t + Σ_j e^(x_j + o_j))) over the candidates j that are not the target',
    derivative: '∂x_j = dy p_j, p_j the share of candidate j; ∂t = −dy Σ_j p_j',
    gradient: (y, dy) => {
      const dx = slopesOf(y, dy);
      return [negate(rowSum(dx)), dx, null, null, null];
    },
    kernel: (y) => callOf(y, code.TARGET_LOSS),
    reference: (y, inputs, rows) =>
      Float64Array.from({ length: rows }, (_, r) => rowOf(inputs, r, y.inputs[1].size).loss),
  },
  targetCrossEntropyGradient: {
    formula: 'y_j = dy p_j of `targetCrossEntropy`',
    ...fusedGradient,
    kernel: (y) => callOf(y, code.TARGET_LOSS_GRADIENT),
    reference: (y, inputs, rows) => {
      const n = y.size;
      const out = new Float64Array(rows * n);
      for (let r = 0; r < rows; r++)
        out.set(
          rowOf(inputs, r, n).shares.map((p) => p * inputs[5][r]),
          r * n,
        );
      return out;
    },
  },
});
