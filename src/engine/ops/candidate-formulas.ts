/** Formulas of the losses over candidates, row by row in float64, with their derivatives. */
import type { Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { sigma } from './op.ts';

/** One row: the candidates that count with their scores (offset added), the target's place among them. */
export interface Row {
  readonly t: number;
  /** Negatives: candidate numbers and scores. */
  readonly negatives: readonly { readonly j: number; readonly x: number }[];
}

/** Loss of a row, and its derivatives with respect to t and to each negative. */
export interface RowResult {
  readonly loss: number;
  readonly dt: number;
  readonly dx: readonly number[];
}

const slope = (x: number): number => sigma(x) * (1 - sigma(x));
const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0);
/** A NaN among the values makes all results NaN, through the sum. */
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

export interface LossRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly row: (row: Row, regularization: number) => RowResult;
}

export const rules = {
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
} satisfies Record<string, LossRule>;

export type CandidateLossName = keyof typeof rules;
export const candidateLossNames = Object.keys(rules) as CandidateLossName[];

/** Row r of the scores as the losses see it. */
export function rowOf(r: number, n: number, scores: Values, list: Values, offsets: Values, maskEqual: boolean): Row {
  const negatives: { j: number; x: number }[] = [];
  for (let j = 0; j < n; j++)
    if (j !== r && list[j] >= 0 && !(maskEqual && list[j] === list[r]))
      negatives.push({ j, x: scores[r * n + j] + offsets[j] });
  return { t: scores[r * n + r] + offsets[r], negatives };
}
