/**
 * Losses of a row's scores against candidates that all rows of the batch share: the target of row r is candidate r, all others
 * are its negatives (Hidasi & Karatzoglou: Recurrent Neural Networks with Top-k Gains. CIKM 2018). Forward and backward
 * share their exponentials: one op makes the slopes ∂loss / ∂scores and the loss, which its users take from it. t is the target's
 * score, x_j the negatives', w = softmax of the x_j. No second derivatives.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { type BlockCall, type KernelCall, type OpDefinition, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { type CandidateLossName, candidateLossNames, type LossRule, rowOf, rules } from './candidate-formulas.ts';
import { slice } from './layout.ts';
import { isList } from './lists.ts';
import { floatBits, noGradients, opFamily } from './op.ts';
import { multiplyColumn } from './reduce.ts';

type CandidateOffsetOptions = {
  /** The first entries of the list are targets of rows, the others extra negatives. */
  readonly nTargets: number;
  /** Factors of the weights of targets and of extra negatives. */
  readonly targetScale: number;
  readonly sampleScale: number;
};

/**
 * What is added to the score of each candidate, shared [n]: −scale · weight[j], and −∞ where list[j] = −1 (no candidate).
 * With weight = ln(support) and scale = the exponent by which an item is drawn, this is the logQ correction of sampled softmax.
 * @param weights shared [n, 1], or null for 0
 */
export function candidateOffsets(list: Tensor, weights: Tensor | null, options: CandidateOffsetOptions): Tensor {
  const fits = isList(list) && (weights === null || (weights.rows === 'shared' && weights.size === list.size));
  if (!fits)
    throw shapeError('candidateOffsets', 'needs a list [n] and shared weights [n, 1]', [list, weights ?? list]);
  return new Tensor(candidateOps.candidateOffsets, weights ? [list, weights] : [list], 'shared', list.shape, {
    ...options,
  });
}

export const isOffsets = (tensor: Tensor): boolean => tensor.op === candidateOps.candidateOffsets;

interface CandidateLossOptions {
  /** Candidates that are the same item as the row's target are no negatives of the row. */
  readonly maskEqual?: boolean;
  /** λ of BPR-max: weight of Σ_j w_j x_j². */
  readonly regularization?: number;
}

/** The loss of each row, [B, 1]: scores [B, n], list [n], offsets [n] (see candidateOffsets). Row r needs r < n. */
export function candidateLoss(
  name: CandidateLossName,
  scores: Tensor,
  list: Tensor,
  offsets: Tensor,
  { maskEqual = false, regularization = 0 }: CandidateLossOptions = {},
): Tensor {
  const fits = scores.rows === 'batch' && isList(list) && isOffsets(offsets);
  if (!fits || list.size !== scores.size || offsets.size !== scores.size)
    throw shapeError(name, 'needs scores [B, n], a list [n] and its candidateOffsets [n]', [scores, list, offsets]);
  if (regularization < 0 || (regularization > 0 && name !== 'bprMax'))
    throw new DeepTasteError('shape', `${name}: the regularization must be ≥ 0 and belongs to bprMax alone`);
  const shape = [slopeColumns(scores) + 4];
  const slopes = new Tensor(candidateOps[`${name}Slopes`], [scores, list, offsets], 'batch', shape, {
    maskEqual,
    regularization,
  });
  const loss = slice(slopes, slopeColumns(scores), slopeColumns(scores) + 1);
  return new Tensor(candidateOps[name], [scores, list, offsets, loss], 'batch', [1]);
}

/** The kernel writes whole vectors of slopes. */
const slopeColumns = (scores: Tensor): number => Math.ceil(scores.size / 4) * 4;

function lossOp(name: CandidateLossName): OpDefinition {
  const { formula, derivative } = rules[name];
  return {
    formula,
    derivative,
    gradient: (y, dy) => {
      const [scores, , , loss] = y.inputs;
      const [slopes] = loss.inputs;
      return [multiplyColumn(slice(slopes, 0, scores.size), dy), null, null, null];
    },
    kernel: (y) => ({ opcode: code.COPY, parameters: [1, 0], operands: [y.inputs[3], y] }),
    reference: (_, [, , , loss]) => loss,
  };
}

function slopesCall(y: Tensor, kind: number): KernelCall {
  const { maskEqual, regularization } = y.attributes as { maskEqual: boolean; regularization: number };
  const [scores] = y.inputs;
  const parameters = [scores.size, kind, maskEqual ? 1 : 0, floatBits(regularization)];
  const operands = [...y.inputs, y];
  return { opcode: code.CANDIDATE_SLOPES, parameters, operands, workspace: 2 * slopeColumns(scores) };
}

function slopesOp(name: CandidateLossName): OpDefinition {
  const { kind, derivative, row }: LossRule = rules[name];
  return {
    formula: `∂\`${name}\` / ∂scores (${derivative} with dy = 1), zeros up to a multiple of four; the loss, three zeros`,
    derivative: `none: \`${name}\` multiplies it by dy`,
    gradient: (y) => {
      throw new DeepTasteError(
        'shape',
        `${y.label}: a fused gradient has no derivative of its own; it is meant for training`,
      );
    },
    kernel: (y) => slopesCall(y, kind),
    reference: (y, [scores, list, offsets], rows) => {
      const { maskEqual, regularization } = y.attributes as { maskEqual: boolean; regularization: number };
      const n = y.inputs[0].size;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) {
        const here = rowOf(r, n, scores, list, offsets, maskEqual);
        const { loss, dt, dx } = row(here, regularization);
        out[r * y.size + r] = dt;
        here.negatives.forEach(({ j }, k) => {
          out[r * y.size + j] = dx[k];
        });
        out[r * y.size + slopeColumns(y.inputs[0])] = loss;
      }
      return out;
    },
  };
}

function offsetsCall(y: Tensor): BlockCall {
  const [list, weights] = y.inputs;
  const { nTargets, targetScale, sampleScale } = y.attributes as CandidateOffsetOptions;
  const own = (tensor: Tensor) => ({ tensor, advance: 1 });
  return {
    opcode: code.CANDIDATE_OFFSETS,
    rows: y.size,
    multiple: 4,
    parameters: [y.size, nTargets, floatBits(targetScale), floatBits(sampleScale), weights ? 1 : 0],
    operands: [own(list), own(weights ?? list), own(y)],
  };
}

const offsetsOp: OpDefinition = {
  formula: 'y[j] = −scale_j weight[j], −∞ where list[j] = −1',
  derivative: 'none: a constant of the step',
  gradient: noGradients,
  // −∞ says that there is no candidate
  mayBeInfinite: true,
  kernel: (y) => {
    const { opcode, rows, parameters, operands } = offsetsCall(y);
    return { opcode, rows, parameters, operands: operands.map(({ tensor }) => tensor) };
  },
  blocks: offsetsCall,
  reference: (y, [list, weights]) => {
    const { nTargets, targetScale, sampleScale } = y.attributes as CandidateOffsetOptions;
    return Float64Array.from(list, (i, j) => {
      if (i < 0) return -Infinity;
      return weights ? -(j < nTargets ? targetScale : sampleScale) * weights[j] : 0;
    });
  },
};

/** One op for every loss, named by `nameOf`. */
function opOfEach<N extends string>(
  nameOf: (name: CandidateLossName) => N,
  make: (name: CandidateLossName) => OpDefinition,
): Record<N, OpDefinition> {
  const entries = candidateLossNames.map((name) => [nameOf(name), make(name)] as const);
  return Object.fromEntries(entries) as Record<N, OpDefinition>;
}

export const candidateOps = opFamily({
  candidateOffsets: offsetsOp,
  ...opOfEach((name) => name, lossOp),
  ...opOfEach((name) => `${name}Slopes` as const, slopesOp),
});
