/** Drawing an index in proportion to weights, by bisection in their running sums. */
import type { RandomStream } from '../../core/random.ts';

/** Running sums of non-negative weights: `result[i] = weights[0] + … + weights[i]`. */
export function runningSums(weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) sums[i] = total += weights[i];
  return sums;
}

/** The first index whose running sum exceeds `uniform · total`; indices of weight 0 are never chosen. */
export function choose(sums: Float64Array, uniform: number): number {
  const target = uniform * sums[sums.length - 1];
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One index drawn ∝ weights. For many draws from the same weights keep the running sums. */
export function drawWeighted(weights: ArrayLike<number>, random: RandomStream): number {
  return choose(runningSums(weights), random.uniform());
}
