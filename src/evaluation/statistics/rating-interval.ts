/**
 * 95 % intervals of RMSE and MAE. The rows of one user hang together, so users are what is drawn: with e_u the sum over the rows of u of
 * (penalty − mean penalty), the variance of the mean over n rows is G / (G − 1) Σ_u e_u² / n² for G users (cluster-robust variance, Liang and Zeger 1986).
 */
import type { RatingRange } from '../metrics/rating-error.ts';
import { mean } from './mean.ts';
import { NORMAL_95 } from './normal-interval.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Interval of the mean penalty.
 * @param groups who each row is of; absent = every row stands alone
 * @returns null where there is one group only
 */
export function clusteredInterval(penalties: Float64Array, groups?: Int32Array): Interval | null {
  const n = penalties.length;
  const centre = mean(penalties);
  const sums = new Map<number, number>();
  penalties.forEach((penalty, row) => {
    const group = groups ? groups[row] : row;
    sums.set(group, (sums.get(group) ?? 0) + penalty - centre);
  });
  if (sums.size < 2) return null;
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const half = (NORMAL_95 * Math.sqrt((squares * sums.size) / (sums.size - 1))) / n;
  return { low: centre - half, high: centre + half };
}

/** @param name rmse or mae @returns null for other metrics, and where there is one user only */
export function ratingInterval(
  name: string,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  range: RatingRange | null,
  userIndex?: Int32Array,
): Interval | null {
  if (name !== 'rmse' && name !== 'mae') return null;
  const { low, high } = range ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const errors = Float64Array.from(predictions, (y, row) => Math.min(high, Math.max(low, y)) - labels[row]);
  if (name === 'mae') return clusteredInterval(errors.map(Math.abs), userIndex);
  const ofSquares = clusteredInterval(
    errors.map((error) => error * error),
    userIndex,
  );
  return ofSquares && { low: Math.sqrt(Math.max(0, ofSquares.low)), high: Math.sqrt(ofSquares.high) };
}
