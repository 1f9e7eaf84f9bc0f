/** The mean of a few repeated measurements (seeds) with its interval by Student's t distribution. */
import { studentTwoSided } from './distributions.ts';

export interface MeanInterval {
  readonly mean: number;
  /** Sample standard deviation; 0 for one value. */
  readonly deviation: number;
  /** Null for one value. */
  readonly low: number | null;
  readonly high: number | null;
}

/** mean ± t · s / √n, t the two-sided quantile with n − 1 degrees of freedom. @param level share covered, e.g. 0.95 */
export function meanInterval(values: readonly number[], level = 0.95): MeanInterval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, deviation: 0, low: null, high: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (studentQuantile(level, n - 1) * deviation) / Math.sqrt(n);
  return { mean, deviation, low: mean - half, high: mean + half };
}

/** The t for which P(|T| ≤ t) = level, by bisection. */
export function studentQuantile(level: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentTwoSided(high, freedom) > 1 - level) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, freedom) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
