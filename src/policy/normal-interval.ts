/** The mean of independent values with its interval by the central limit theorem. */
import type { Interval } from '../evaluation/statistics/bootstrap.ts';
import { normalUpperTail } from '../evaluation/statistics/distributions.ts';

/** mean ± z · s / √n. @param level share covered, in (0, 1) */
export function normalInterval(values: Float64Array, level = 0.95): Interval {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const half = normalQuantile(level) * standardError(values, mean);
  return { mean, low: mean - half, high: mean + half };
}

/** s / √n, s the sample standard deviation; 0 for one value. */
export function standardError(values: Float64Array, mean: number): number {
  const n = values.length;
  if (n < 2) return 0;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (n - 1) / n);
}

/** The z for which P(|Z| ≤ z) = level, by bisection. */
export function normalQuantile(level: number): number {
  let [low, high] = [0, 40];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (2 * normalUpperTail(middle) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
