/**
 * SLOPE (Su, Srinath, Krishnamurthy 2020) with the constants of Tucker & Lee (2021): chooses among estimates that trade bias for
 * variance. They stand in the order of falling variance and rising bias, the first without bias by λ. The last one is taken that is
 * near enough to all before it: |θᵢ − θⱼ| ≤ CNFᵢ + (√6 − 1) CNFⱼ for every i < j, CNF the half-width of the normal 95 % interval.
 */
import { mean as meanOf } from '../../evaluation/statistics/mean.ts';
import { NORMAL_95, standardError } from '../../evaluation/statistics/normal-interval.ts';
import type { Estimator, Weighed } from './estimator.ts';

export interface Chosen {
  readonly contributions: Float64Array;
  /** λ; ∞ = no bound. */
  readonly lambda: number;
}

const NEAR = Math.sqrt(6) - 1;

export function chooseBySlope(estimator: Estimator, weighed: Weighed): Chosen {
  const before: { readonly mean: number; readonly half: number }[] = [];
  let chosen: Chosen | null = null;
  for (const lambda of candidateBounds(estimator, weighed.weight)) {
    const contributions = estimator.contributions(weighed, lambda);
    const mean = meanOf(contributions);
    const half = NORMAL_95 * standardError(contributions, mean);
    if (before.some((each) => Math.abs(each.mean - mean) > each.half + NEAR * half)) break;
    before.push({ mean, half });
    chosen = { contributions, lambda };
  }
  return chosen as Chosen;
}

/** ∞, then halves of the largest weight, of its half … down to 0.5. */
export function candidateBounds({ name, parameter }: Estimator, weight: Float64Array): number[] {
  if (parameter === null) return [Number.POSITIVE_INFINITY];
  const most = weight.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return [Number.POSITIVE_INFINITY];
  // DRos compares λ with the square of a weight
  const bounds = Array.from({ length: 12 }, (_, n) => most / 2 ** (n + 1)).filter((bound) => bound >= 0.5);
  return [Number.POSITIVE_INFINITY, ...bounds.map((bound) => (name === 'dros' ? bound * bound : bound))];
}
