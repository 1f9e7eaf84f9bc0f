/** Σ values / their number; NaN of none. */
export function mean(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n];
  return sum / values.length;
}
