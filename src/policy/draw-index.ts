/** A draw from a distribution that stands in an array. */

/**
 * The place drawn, from 0.
 * @param weights not negative, at [from, from + n); they need not sum to 1
 * @param u uniform in [0, 1)
 */
export function drawIndex(weights: Float64Array, from: number, n: number, u: number): number {
  let total = 0;
  for (let a = 0; a < n; a++) total += weights[from + a];
  let rest = u * total;
  let last = 0;
  for (let a = 0; a < n; a++) {
    const weight = weights[from + a];
    if (weight > 0) last = a;
    rest -= weight;
    if (rest < 0) return a;
  }
  // rounding may leave a rest after the last weight
  return last;
}
