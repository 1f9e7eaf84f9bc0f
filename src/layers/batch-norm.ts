/**
 * Batch normalisation. Ioffe & Szegedy: Batch Normalization. ICML 2015, algorithms 1 and 2.
 *
 *   training    y = γ ⊙ (x − μ_B) / √(σ²_B + ε) + β,   μ ← (1 − m) μ + m μ_B,   σ² ← (1 − m) σ² + m σ²_B
 *   prediction  y = γ ⊙ (x − μ) / √(σ² + ε) + β
 *
 * Differs from the paper: σ² is kept without the factor B / (B − 1), which is 1.0002 at B = 4,096 and infinite for a last batch
 * of one row. The statistics are those of the whole batch, whatever the tiles in which it is processed.
 */
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  batchStatistics,
  combineRows,
  multiply,
  normaliseRows,
  reciprocal,
  sqrt,
} from '../engine/ops/index.ts';
import type { ForwardPass } from './forward-pass.ts';
import { ones, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

const EPSILON = 1e-5;
const DEFAULT_MOMENTUM = 0.1;

/** γ, β and the running mean and variance, `<name>.gamma` …, [n] each. */
export function batchNormParameters(name: string, n: number): ParameterDeclaration[] {
  return [
    { name: `${name}.gamma`, shape: [n], initializer: ones },
    { name: `${name}.beta`, shape: [n], initializer: zeros },
    { name: `${name}.mean`, shape: [n], initializer: zeros, kept: true },
    { name: `${name}.variance`, shape: [n], initializer: ones, kept: true },
  ];
}

export interface Normalisation {
  /** γ and β, shared [n]. */
  readonly gamma: Tensor;
  readonly beta: Tensor;
  /** m, the weight of one step's statistics. */
  readonly momentum?: number;
  /** ε */
  readonly epsilon?: number;
}

/** [B, n] → [B, n]. @param momentum m, the weight of one step's statistics */
export function batchNorm(
  p: Parameters,
  name: string,
  x: Tensor,
  pass: ForwardPass,
  momentum = DEFAULT_MOMENTUM,
): Tensor {
  return normaliseBatch(p, name, x, pass, { gamma: p[`${name}.gamma`], beta: p[`${name}.beta`], momentum });
}

/** As batchNorm, with γ and β that are given; of p it reads the kept statistics `<name>.mean` and `<name>.variance` alone. */
export function normaliseBatch(
  p: Parameters,
  name: string,
  x: Tensor,
  pass: ForwardPass,
  { gamma, beta, momentum = DEFAULT_MOMENTUM, epsilon = EPSILON }: Normalisation,
): Tensor {
  const [mean, variance] = [p[`${name}.mean`], p[`${name}.variance`]];
  if (pass.random === null) {
    const scale = multiply(gamma, reciprocal(sqrt(affine(variance, 1, epsilon))));
    return combineRows(x, mean, scale, beta);
  }
  const statistics = batchStatistics(x);
  const moved = (old: Tensor, now: Tensor): Tensor => add(affine(old, 1 - momentum), affine(now, momentum));
  pass.assignments.push([mean, moved(mean, statistics.mean)], [variance, moved(variance, statistics.variance)]);
  return normaliseRows(x, statistics, gamma, beta, epsilon);
}
