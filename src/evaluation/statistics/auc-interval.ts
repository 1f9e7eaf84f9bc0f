/**
 * AUC with its interval, without resampling: the variance of the Mann–Whitney statistic from its structural components.
 * DeLong, DeLong, Clarke-Pearson: Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves.
 * Biometrics 44, 1988.
 *
 *   V_p = share of the negatives that positive p beats,  V_n = share of the positives that beat negative n (ties count ½)
 *   var(AUC) = s²(V_p) / P + s²(V_n) / N
 */
import { auc } from '../metrics/auc.ts';
import type { Interval } from './bootstrap.ts';
import { normalQuantile } from './normal-interval.ts';

/**
 * @param labels 0 or 1 [n]; @param scores higher = more likely positive [n]
 * @returns `mean` is the AUC; NaN throughout where a label is missing
 * @throws DeepTasteError `data`, `numeric`: labels, lengths or scores that mean nothing
 */
export function aucInterval(labels: ArrayLike<number>, scores: ArrayLike<number>, level = 0.95): Interval {
  const value = auc(labels, scores);
  const [positive, negative] = [1, 0].map((label) =>
    Float64Array.from(Array.from(scores).filter((_, row) => labels[row] === label)).sort(),
  );
  const variance =
    sampleVariance(positive.map((x) => beaten(negative, x))) / positive.length +
    sampleVariance(negative.map((x) => 1 - beaten(positive, x))) / negative.length;
  const half = normalQuantile(level) * Math.sqrt(variance);
  return { mean: value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

/** Share of ascending values below x, equal ones by half. */
function beaten(ascending: Float64Array, x: number): number {
  return (countBelow(ascending, x, false) + countBelow(ascending, x, true)) / (2 * ascending.length);
}

function countBelow(ascending: Float64Array, x: number, orEqual: boolean): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < x || (orEqual && ascending[middle] === x)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 0 for one value. */
function sampleVariance(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
}
