/**
 * Losses of a row's scores against candidates that all rows of the batch share: the target of row r is candidate r, all others
 * are its negatives (Hidasi & Karatzoglou: Recurrent Neural Networks with Top-k Gains. CIKM 2018). Forward and backward each in
 * one pass over the row. t is the target's score, x_j the negatives', w = softmax of the x_j. No second derivatives.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { type CandidateLossName, type CandidateName, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits } from './elementwise.ts';
import type { BlockCall, KernelCall, OpDefinition, Values } from './op.ts';

export interface CandidateOffsetOptions {
  /** The first entries of the list are targets of rows, the others extra negatives. */
  readonly nTargets: number;
  /** Factors of the weights of targets and of extra negatives. */
  readonly targetScale: number;
  readonly sampleScale: number;
}

/**
 * What is added to the score of each candidate, shared [n]: −scale · weight[j], and −∞ where list[j] = −1 (no candidate).
 * With weight = ln(support) and scale = the exponent by which an item is drawn, this is the logQ correction of sampled softmax.
 * @param weights shared [n, 1], or null for 0
 */
export function candidateOffsets(list: Tensor, weights: Tensor | null, options: CandidateOffsetOptions): Tensor {
  const fits = list.op === 'list' && (weights === null || (weights.rows === 'shared' && weights.size === list.size));
  if (!fits)
    throw shapeError('candidateOffsets', 'needs a list [n] and shared weights [n, 1]', [list, weights ?? list]);
  return new Tensor('candidateOffsets', weights ? [list, weights] : [list], 'shared', list.shape, { ...options });
}

export interface CandidateLossOptions {
  /** Candidates that are the same item as the row's target are no negatives of the row. */
  readonly maskEqual?: boolean;
  /** λ of BPR-max: weight of Σ_j w_j x_j². */
  readonly regularisation?: number;
}

/** The loss of each row, [B, 1]: scores [B, n], list [n], offsets [n] (see candidateOffsets). Row r needs r < n. */
export function candidateLoss(
  name: CandidateLossName,
  scores: Tensor,
  list: Tensor,
  offsets: Tensor,
  { maskEqual = false, regularisation = 0 }: CandidateLossOptions = {},
): Tensor {
  const fits = scores.rows === 'batch' && list.op === 'list' && offsets.op === 'candidateOffsets';
  if (!fits || list.size !== scores.size || offsets.size !== scores.size)
    throw shapeError(name, 'needs scores [B, n], a list [n] and its candidateOffsets [n]', [scores, list, offsets]);
  if (regularisation < 0 || (regularisation > 0 && name !== 'bprMax'))
    throw new DeepTasteError('shape', `${name}: the regularisation must be ≥ 0 and belongs to bprMax alone`);
  return new Tensor(name, [scores, list, offsets], 'batch', [1], { maskEqual, regularisation });
}

/** One row: the candidates that count with their scores (offset added), the target's place among them. */
interface Row {
  readonly t: number;
  /** Negatives: candidate numbers and scores. */
  readonly negatives: readonly { readonly j: number; readonly x: number }[];
}

/** Loss of a row, and its derivatives with respect to t and to each negative. */
interface RowResult {
  readonly loss: number;
  readonly dt: number;
  readonly dx: readonly number[];
}

const sigma = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const slope = (x: number): number => sigma(x) * (1 - sigma(x));
const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0);
/** NaN stays NaN: Math.max would keep it, so would the exponentials. */
function softmax(values: readonly number[]): number[] {
  const highest = values.reduce((max, v) => (v > max ? v : max), -Infinity);
  const e = values.map((v) => Math.exp(v - highest));
  const sum = total(e);
  return e.map((v) => v / sum);
}

function crossEntropyRow({ t, negatives }: Row): RowResult {
  const all = [t, ...negatives.map(({ x }) => x)];
  const highest = all.reduce((max, v) => (v > max ? v : max), -Infinity);
  const loss = Math.log(total(all.map((v) => Math.exp(v - highest)))) + highest - t;
  const [p, ...others] = softmax(all);
  return { loss, dt: p - 1, dx: others };
}

const TINY = 1e-24;
/** A row without negatives has nothing to be compared with. */
const nothing: RowResult = { loss: 0, dt: 0, dx: [] };

function bprMaxRow({ t, negatives }: Row, lambda: number): RowResult {
  if (negatives.length === 0) return nothing;
  const x = negatives.map((negative) => negative.x);
  const w = softmax(x);
  const s = x.map((v) => sigma(t - v));
  const a = total(w.map((v, k) => v * s[k]));
  const r = total(w.map((v, k) => v * x[k] ** 2));
  const b = w.map((v, k) => v * s[k] * (1 - s[k]));
  const dx = x.map((v, k) => -(w[k] * (s[k] - a) - b[k]) / (a + TINY) + lambda * w[k] * (v * v - r + 2 * v));
  return { loss: -Math.log(a + TINY) + lambda * r, dt: -total(b) / (a + TINY), dx };
}

function top1MaxRow({ t, negatives }: Row): RowResult {
  if (negatives.length === 0) return nothing;
  const x = negatives.map((negative) => negative.x);
  const w = softmax(x);
  const f = x.map((v) => sigma(v - t) + sigma(v * v));
  const loss = total(w.map((v, k) => v * f[k]));
  const dx = x.map((v, k) => w[k] * (f[k] - loss + slope(v - t) + 2 * v * slope(v * v)));
  return { loss, dt: -total(w.map((v, k) => v * slope(x[k] - t))), dx };
}

function bprRow({ t, negatives }: Row): RowResult {
  if (negatives.length === 0) return nothing;
  const n = negatives.length;
  const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
  const dx = negatives.map(({ x }) => sigma(x - t) / n);
  return { loss: total(negatives.map(({ x }) => softplus(x - t))) / n, dt: -total(dx), dx };
}

function top1Row({ t, negatives }: Row): RowResult {
  if (negatives.length === 0) return nothing;
  const n = negatives.length;
  const loss = total(negatives.map(({ x }) => sigma(x - t) + sigma(x * x))) / n;
  const dx = negatives.map(({ x }) => (slope(x - t) + 2 * x * slope(x * x)) / n);
  return { loss, dt: -total(negatives.map(({ x }) => slope(x - t))) / n, dx };
}

interface LossRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly row: (row: Row, regularisation: number) => RowResult;
}

const rules: Record<CandidateLossName, LossRule> = {
  softmaxCrossEntropy: {
    kind: code.LOSS_CROSS_ENTROPY,
    formula: 'y = −ln softmax(t, x₁, …)_t',
    derivative: '∂t = dy (p_t − 1), ∂x_j = dy p_j',
    row: crossEntropyRow,
  },
  bprMax: {
    kind: code.LOSS_BPR_MAX,
    formula: 'y = −ln(A + 10⁻²⁴) + λ R, A = Σ w_j s_j, s_j = σ(t − x_j), R = Σ w_j x_j²',
    derivative:
      '∂t = −dy Σ w_j s_j (1 − s_j) / A, ∂x_j = dy w_j ((A − s_j + s_j (1 − s_j)) / A + λ (x_j² − R + 2 x_j))',
    row: bprMaxRow,
  },
  top1Max: {
    kind: code.LOSS_TOP1_MAX,
    formula: 'y = Σ w_j f_j, f_j = σ(x_j − t) + σ(x_j²)',
    derivative: '∂t = −dy Σ w_j σ′(x_j − t), ∂x_j = dy w_j (f_j − y + σ′(x_j − t) + 2 x_j σ′(x_j²))',
    row: top1MaxRow,
  },
  bpr: {
    kind: code.LOSS_BPR,
    formula: 'y = mean_j −ln σ(t − x_j)',
    derivative: '∂x_j = dy σ(x_j − t) / N, ∂t = −Σ_j ∂x_j',
    row: bprRow,
  },
  top1: {
    kind: code.LOSS_TOP1,
    formula: 'y = mean_j (σ(x_j − t) + σ(x_j²))',
    derivative: '∂t = −dy mean_j σ′(x_j − t), ∂x_j = dy (σ′(x_j − t) + 2 x_j σ′(x_j²)) / N',
    row: top1Row,
  },
};

/** Row r of the scores as the losses see it. */
function rowOf(r: number, n: number, scores: Values, list: Values, offsets: Values, maskEqual: boolean): Row {
  const negatives: { j: number; x: number }[] = [];
  for (let j = 0; j < n; j++)
    if (j !== r && list[j] >= 0 && !(maskEqual && list[j] === list[r]))
      negatives.push({ j, x: scores[r * n + j] + offsets[j] });
  return { t: scores[r * n + r] + offsets[r], negatives };
}

function lossCall(y: Tensor, opcode: number, kind: number): KernelCall {
  const { maskEqual, regularisation } = y.attributes as { maskEqual: boolean; regularisation: number };
  const parameters = [y.inputs[0].size, kind, maskEqual ? 1 : 0, floatBits(regularisation)];
  return { opcode, parameters, operands: [...y.inputs, y] };
}

function lossOp(name: CandidateLossName): OpDefinition {
  const { kind, formula, derivative, row } = rules[name];
  return {
    formula,
    derivative,
    gradient: (y, dy) => [
      new Tensor(`${name}Gradient`, [...y.inputs, dy], 'batch', y.inputs[0].shape, y.attributes),
      null,
      null,
    ],
    kernel: (y) => lossCall(y, code.CANDIDATE_LOSS, kind),
    reference: (y, [scores, list, offsets], rows) => {
      const { maskEqual, regularisation } = y.attributes as { maskEqual: boolean; regularisation: number };
      const n = y.inputs[0].size;
      return Float64Array.from(
        { length: rows },
        (_, r) => row(rowOf(r, n, scores, list, offsets, maskEqual), regularisation).loss,
      );
    },
  };
}

function gradientOp(name: CandidateLossName): OpDefinition {
  const { kind, derivative, row } = rules[name];
  return {
    formula: `the gradient of \`${name}\`: ${derivative}`,
    derivative: 'none: a fused gradient',
    gradient: (y) => {
      throw new DeepTasteError(
        'shape',
        `${y.label}: a fused gradient has no derivative of its own; it is meant for training`,
      );
    },
    kernel: (y) => lossCall(y, code.CANDIDATE_LOSS_GRADIENT, kind),
    reference: (y, [scores, list, offsets, dy], rows) => {
      const { maskEqual, regularisation } = y.attributes as { maskEqual: boolean; regularisation: number };
      const n = y.size;
      const out = new Float64Array(rows * n);
      for (let r = 0; r < rows; r++) {
        const here = rowOf(r, n, scores, list, offsets, maskEqual);
        const { dt, dx } = row(here, regularisation);
        out[r * n + r] = dy[r] * dt;
        here.negatives.forEach(({ j }, k) => {
          out[r * n + j] = dy[r] * dx[k];
        });
      }
      return out;
    },
  };
}

function offsetsCall(y: Tensor): BlockCall {
  const [list, weights] = y.inputs;
  const { nTargets, targetScale, sampleScale } = y.attributes as unknown as CandidateOffsetOptions;
  const own = (tensor: Tensor) => ({ tensor, advance: 1 });
  return {
    opcode: code.CANDIDATE_OFFSETS,
    rows: y.size,
    multiple: 4,
    parameters: [y.size, nTargets, floatBits(targetScale), floatBits(sampleScale), weights ? 1 : 0],
    operands: [own(list), own(weights ?? list), own(y)],
  };
}

const names = Object.keys(rules) as CandidateLossName[];

const offsetsOp: OpDefinition = {
  formula: 'y[j] = −scale_j weight[j], −∞ where list[j] = −1',
  derivative: 'none: a constant of the step',
  gradient: (y) => y.inputs.map(() => null),
  kernel: (y) => {
    const { opcode, rows, parameters, operands } = offsetsCall(y);
    return { opcode, rows, parameters, operands: operands.map(({ tensor }) => tensor) };
  },
  blocks: offsetsCall,
  reference: (y, [list, weights]) => {
    const { nTargets, targetScale, sampleScale } = y.attributes as unknown as CandidateOffsetOptions;
    return Float64Array.from(list, (i, j) => {
      if (i < 0) return -Infinity;
      return weights ? -(j < nTargets ? targetScale : sampleScale) * weights[j] : 0;
    });
  },
};

const byName = <N extends CandidateName>(entries: readonly (readonly [N, OpDefinition])[]): Record<N, OpDefinition> =>
  Object.fromEntries(entries) as Record<N, OpDefinition>;

export const candidateOps: Record<CandidateName, OpDefinition> = {
  candidateOffsets: offsetsOp,
  ...byName(names.map((name) => [name, lossOp(name)])),
  ...byName(names.map((name) => [`${name}Gradient` as const, gradientOp(name)])),
};
