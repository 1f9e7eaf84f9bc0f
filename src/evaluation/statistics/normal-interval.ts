/** The mean of independent values with its interval by the central limit theorem. */
import type { Interval } from './bootstrap.ts';
import { normalUpperTail } from './distributions.ts';
import { mean } from './mean.ts';

/** The z for which P(|Z| ≤ z) = .95. */
export const NORMAL_95 = 1.959963984540054;

/** mean ± z · s / √n. @param level share covered, in (0, 1) */
export function normalInterval(values: Float64Array, level = 0.95): Interval {
  const centre = mean(values);
  const half = normalQuantile(level) * standardError(values, centre);
  return { mean: centre, low: centre - half, high: centre + half };
}

/** s / √n, s the sample standard deviation about their mean; 0 for one value. */
export function standardError(values: Float64Array, centre: number): number {
  const n = values.length;
  if (n < 2) return 0;
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return Math.sqrt(squares / (n - 1) / n);
}

/** The z for which P(|Z| ≤ z) = level, by bisection. */
export function normalQuantile(level: number): number {
  if (level === 0.95) return NORMAL_95;
  let [low, high] = [0, 40];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (2 * normalUpperTail(middle) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
