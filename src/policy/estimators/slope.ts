/**
 * SLOPE (Su, Srinath, Krishnamurthy 2020): chooses among estimates that trade bias for variance. They stand in the order of falling
 * variance and rising bias, the first without bias by λ. Each has the interval θᵢ ± 2 CNFᵢ; the last one is taken whose interval still
 * has a point in common with those of all before it. CNFᵢ is the half-width of the normal 95 % interval.
 */
import { standardError } from '../normal-interval.ts';
import type { Estimator, Weighed } from './estimator.ts';

export interface Chosen {
  readonly contributions: Float64Array;
  /** λ; ∞ = no bound. */
  readonly lambda: number;
}

const HALF = 1.959963984540054;

export function chooseBySlope(estimator: Estimator, weighed: Weighed): Chosen {
  let chosen: Chosen | null = null;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const lambda of candidateBounds(estimator, weighed.weight)) {
    const contributions = estimator.contributions(weighed, lambda);
    const mean = contributions.reduce((sum, value) => sum + value, 0) / contributions.length;
    const reach = 2 * HALF * standardError(contributions, mean);
    low = Math.max(low, mean - reach);
    high = Math.min(high, mean + reach);
    if (low > high) break;
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
